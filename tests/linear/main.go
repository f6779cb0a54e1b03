// Linear runs concurrent writes and reads against one or more servers and disturbs them meanwhile.
// Then porcupine judges for each key whether some order of the requests explains what was read
// (linearizability). Its exit status is 0 if so, 1 if not, and 2 if it could not run.
//
// |       linear -server 'rhumbd --data {data} --port {port}'   starts a server, and kills and
// restarts it all the time | linear -urls http://a:6333,http://b:6333              uses running
// servers; -disturb COMMAND is run now and then
package main

import (
	"errors"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"
)

type Options struct {
	urls, server, disturb, out       string
	seconds, roundSeconds, judgement float64
	disturbEvery, drop               float64
	clients, keys, shards, most      int
	seed                             int64
}

func parse() Options {
	var o Options
	flag.StringVar(&o.urls, "urls", "", "servers that run already, separated by commas")
	flag.StringVar(&o.server, "server", "", "command of a server to start, with {data} and {port}")
	flag.StringVar(&o.disturb, "disturb", "", "command to run now and then, with -urls")
	flag.StringVar(&o.out, "out", "",
		"folder for the server's data and for a picture of a history that is not right")
	flag.Float64Var(&o.seconds, "seconds", 20, "how long to run")
	flag.Float64Var(&o.roundSeconds, "round", 1.5, "seconds until other keys are taken")
	flag.Float64Var(&o.judgement, "judge", 60, "seconds that the judgement of a round may take")
	flag.Float64Var(&o.disturbEvery, "every", 4, "seconds between two disturbances, 0: none")
	flag.Float64Var(&o.drop, "drop", 0.15, "chance that an answer is thrown away")
	flag.IntVar(&o.clients, "clients", 8, "clients at once")
	flag.IntVar(&o.keys, "keys", 5, "keys of a round")
	flag.IntVar(&o.most, "most", 150, "operations on one key until other keys are taken")
	flag.IntVar(&o.shards, "shards", 1, "shards of the collection")
	flag.Int64Var(&o.seed, "seed", 0, "0: by the clock")
	flag.Parse()
	if o.seed == 0 {
		o.seed = time.Now().UnixNano() % 1_000_000_007
	}
	return o
}

// Cluster is the system under test: its addresses, and the way to disturb it.
type Cluster struct {
	urls    []string
	disturb func() error
	stop    func()
}

func open(o Options) (Cluster, error) {
	if (o.urls == "") == (o.server == "") {
		return Cluster{}, errors.New("either -urls or -server")
	}
	if o.urls != "" {
		c := Cluster{
			urls:    strings.Split(o.urls, ","),
			stop:    func() {},
			disturb: func() error { return nil },
		}
		if o.disturb != "" {
			c.disturb = func() error { return exec.Command("sh", "-c", o.disturb).Run() }
		}
		return c, nil
	}
	server, err := startServer(o.server, o.out)
	if err != nil {
		return Cluster{}, err
	}
	return Cluster{urls: []string{server.url}, disturb: server.restart, stop: server.kill}, nil
}

func prepare(c *Client, shards int) error {
	c.must("DELETE", collection, nil)
	schema := object{"vectors": object{"size": 2, "distance": "Dot"}, "shard_number": shards}
	if _, err := c.must("PUT", collection, schema); err != nil {
		return err
	}
	field := object{"field_name": "v", "field_schema": "integer"}
	_, err := c.must("PUT", collection+"/index?wait=true", field)
	return err
}

// write puts the history of each key into a file, and for wrong keys how far an order of their
// requests goes.
func write(r *Round, info porcupine.LinearizationInfo, path string) error {
	var text strings.Builder
	for n, ops := range model.Partition(r.history) {
		longest := 0
		for _, order := range info.PartialLinearizationsOperations()[n] {
			if len(order) > longest {
				longest = len(order)
			}
		}
		key := ops[0].Input.(Input).Key
		fmt.Fprintf(&text, "key %d: an order of %d of %d requests\n", key, longest, len(ops))
		sort.Slice(ops, func(i, j int) bool { return ops[i].Call < ops[j].Call })
		for _, op := range ops {
			fmt.Fprintf(&text, "%12d %20d  client %d: %s\n", op.Call, op.Return, op.ClientId,
				model.DescribeOperation(op.Input, op.Output))
		}
	}
	return os.WriteFile(path, []byte(text.String()), 0o644)
}

var errUndecided = errors.New("could not be judged in time")

// judge says whether the round's history is linearizable for each key.
func judge(r *Round, o Options) error {
	if r.broken != nil {
		return r.broken
	}
	patience := time.Duration(o.judgement * float64(time.Second))
	result, info := porcupine.CheckOperationsVerbose(model, r.history, patience)
	if result == porcupine.Ok {
		return nil
	}
	picture := filepath.Join(o.out, fmt.Sprintf("round-%d.html", r.number))
	if err := porcupine.VisualizePath(model, info, picture); err != nil {
		picture = err.Error()
	}
	if err := write(r, info, picture+".txt"); err != nil {
		return err
	}
	if result == porcupine.Unknown {
		return fmt.Errorf("round %d (%s): %w", r.number, picture, errUndecided)
	}
	return fmt.Errorf("round %d is not linearizable (%s)", r.number, picture)
}

// disturbing runs disturb at intervals until stop is closed. Its error, if it failed, comes from
// the channel.
func disturbing(
	cluster Cluster, every float64, random *rand.Rand, stop chan struct{}, times *int,
) chan error {
	done := make(chan error, 1)
	go func() {
		for {
			wait := time.Duration(every * (0.5 + random.Float64()) * float64(time.Second))
			if every <= 0 {
				wait = time.Duration(1<<62 - 1)
			}
			select {
			case <-stop:
				done <- nil
				return
			case <-time.After(wait):
			}
			if err := cluster.disturb(); err != nil {
				done <- err
				return
			}
			*times++
		}
	}()
	return done
}

func runRound(
	number int64, clients []*Client, o Options, next *int64, reads string,
) (*Round, error) {
	r := &Round{
		number: number,
		next:   next,
		drop:   o.drop,
		reads:  reads,
		most:   o.most,
		began:  time.Now(),
	}
	for k := 0; k < o.keys; k++ {
		r.keys = append(r.keys, number*int64(o.keys)+int64(k))
	}
	end := time.Now().Add(time.Duration(o.roundSeconds * float64(time.Second)))
	var group sync.WaitGroup
	for n, c := range clients {
		group.Add(1)
		go func(n int, c *Client) {
			defer group.Done()
			r.client(c, n, end)
		}(n, c)
	}
	group.Wait()
	return r, r.settle(clients[0])
}

func run(o Options) (err error, fault bool) {
	cluster, err := open(o)
	if err != nil {
		return err, false
	}
	defer cluster.stop()
	var counts Counts
	var clients []*Client
	for n := 0; n < o.clients; n++ {
		clients = append(clients, newClient(cluster.urls, n, o.seed, &counts))
	}
	if err := prepare(clients[0], o.shards); err != nil {
		return err, false
	}
	reads := ""
	if len(cluster.urls) > 1 {
		reads = "?consistency=linearizable"
	}
	stop, times := make(chan struct{}), 0
	random := rand.New(rand.NewSource(o.seed - 1))
	disturbed := disturbing(cluster, o.disturbEvery, random, stop, &times)
	next, operations, rounds := int64(0), 0, int64(0)
	end := time.Now().Add(time.Duration(o.seconds * float64(time.Second)))
	for ; err == nil && time.Now().Before(end); rounds++ {
		var r *Round
		if r, err = runRound(rounds, clients, o, &next, reads); err != nil {
			break
		}
		operations += len(r.history)
		if err = judge(r, o); err != nil {
			fault = !errors.Is(err, errUndecided)
		}
	}
	close(stop)
	if failed := <-disturbed; failed != nil && err == nil {
		err = failed
	}
	fmt.Printf("%d rounds, %d requests, %d operations on keys judged; "+
		"%d answers thrown away, %d sent again, %d unknown; disturbed %d times\n",
		rounds, counts.requests, operations, counts.dropped, counts.retried, counts.unknown, times)
	return err, fault
}

func main() {
	o := parse()
	if o.out == "" {
		folder, err := os.MkdirTemp("", "linear-")
		if err != nil {
			fmt.Println(err)
			os.Exit(2)
		}
		o.out = folder
	} else if err := os.MkdirAll(o.out, 0o755); err != nil {
		fmt.Println(err)
		os.Exit(2)
	}
	fmt.Printf("seed %d\n", o.seed)
	err, fault := run(o)
	switch {
	case err == nil:
		fmt.Println("linearizable")
	case fault:
		fmt.Printf("fault: %v\n", err)
		os.Exit(1)
	default:
		fmt.Printf("could not run: %v\n", err)
		os.Exit(2)
	}
}
