// The requests of the clients in one round. They touch a few keys of that round only, so that each
// key's history stays short enough to be judged.
package main

import (
	"encoding/json"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/anishathalye/porcupine"
)

const (
	collection = "/collections/linear"
	never      = int64(math.MaxInt64)
)

type object = map[string]interface{}
type list = []interface{}

type Round struct {
	number int64
	keys   []int64
	next   *int64 // values, each written once
	drop   float64
	reads  string // query of reads
	most   int    // operations on one key
	began  time.Time

	mutex   sync.Mutex
	history []porcupine.Operation
	broken  error // an answer that no request may get
}

func (r *Round) now() int64 { return int64(time.Since(r.began)) }

// add records one key's part of a request. back is `never` if the request may still be running;
// acknowledged is when it was known to be committed.
func (r *Round) add(client int, call, back, acknowledged int64, in Input, out Output) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.history = append(r.history, porcupine.Operation{
		ClientId: client,
		Input:    in,
		Call:     call,
		Output:   out,
		Return:   back,
		Metadata: acknowledged,
	})
}

// full says whether a key has as many operations as can be judged at once.
func (r *Round) full() bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return len(r.history) > r.most*len(r.keys) || r.broken != nil
}

func (r *Round) fail(err error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.broken == nil {
		r.broken = err
	}
}

func has(keys ...int64) object { return object{"has_id": keys} }

func (c Condition) json() object {
	if c.Op == "=" {
		return object{"key": "v", "match": object{"value": c.Value}}
	}
	return object{"key": "v", "range": object{"lt": c.Value}}
}

// request returns the REST form of an input for some keys.
func request(in Input, keys []int64) (method, path string, body object) {
	filter := object{"must": list{has(keys...)}}
	if in.If.Op != "" {
		filter["must"] = list{has(keys...), in.If.json()}
	}
	points := list{}
	for _, key := range keys {
		points = append(points, object{
			"id":      key,
			"vector":  list{float64(in.Value % 97), 1},
			"payload": object{"v": in.Value},
		})
	}
	switch in.Kind {
	case Put:
		return "PUT", "/points", object{"points": points}
	case Insert:
		return "PUT", "/points", object{"points": points, "update_mode": "insert_only"}
	case Update:
		return "PUT", "/points", object{"points": points, "update_mode": "update_only"}
	case Swap:
		return "PUT", "/points", object{
			"points":        points,
			"update_mode":   "update_only",
			"update_filter": object{"must": list{in.If.json()}},
		}
	case SetByID:
		return "POST", "/points/payload", object{"payload": object{"a": in.Value}, "points": keys}
	case SetByMatch:
		return "POST", "/points/payload", object{"payload": object{"b": in.Value}, "filter": filter}
	case Delete:
		return "POST", "/points/delete", object{"points": keys}
	case DeleteMatch:
		return "POST", "/points/delete", object{"filter": filter}
	}
	return "POST", "/points", object{"ids": keys, "with_payload": true}
}

// points reads the reply of a read, by key; missing points are not in it.
func points(result json.RawMessage) (map[int64]Point, error) {
	var found []struct {
		ID      int64
		Payload struct{ V, A, B int64 }
	}
	if err := json.Unmarshal(result, &found); err != nil {
		return nil, err
	}
	out := map[int64]Point{}
	for _, p := range found {
		out[p.ID] = Point{true, p.Payload.V, p.Payload.A, p.Payload.B}
	}
	return out, nil
}

func (r *Round) read(c *Client, n int, keys []int64, drop float64) {
	_, path, body := request(Input{Kind: Read}, keys)
	call := r.now()
	answer, err := c.call("POST", collection+path+r.reads, body, drop)
	if err != nil {
		return // a read without an answer has no effect
	}
	back := r.now()
	found, err := points(answer.result)
	if err != nil || answer.status != 200 {
		r.fail(fmt.Errorf("read: %d %s", answer.status, answer.text))
		return
	}
	for _, key := range keys {
		out := Output{Affected: -1, Point: found[key]}
		r.add(n, call, back, back, Input{Key: key, Kind: Read}, out)
	}
}

func (r *Round) write(c *Client, n int, in Input, keys []int64, wait bool) {
	method, path, body := request(in, keys)
	call := r.now()
	answer, err := c.call(method, fmt.Sprintf("%s%s?wait=%v", collection, path, wait), body, r.drop)
	out, back, acknowledged := Output{Affected: -1}, never, never
	if err == nil && answer.status != 200 {
		r.fail(fmt.Errorf("%s: %d %s", kindNames[in.Kind], answer.status, answer.text))
		return
	}
	if err == nil {
		acknowledged = r.now()
	}
	if err == nil && wait {
		var result struct {
			Affected *int
			Status   string
		}
		err := json.Unmarshal(answer.result, &result)
		if err != nil || (result.Affected == nil && result.Status != "wait_timeout") {
			kind := kindNames[in.Kind]
			r.fail(fmt.Errorf("%s: no number of points affected: %s", kind, answer.text))
			return
		}
		if result.Affected == nil {
			result.Affected = new(int)
			*result.Affected = -1
		} else {
			back = acknowledged
		}
		if len(keys) == 1 || *result.Affected == 0 {
			out.Affected = *result.Affected
		} else if *result.Affected == len(keys) {
			out.Affected = 1
		}
	}
	for _, key := range keys {
		in.Key = key
		r.add(n, call, back, acknowledged, in, out)
	}
}

// client runs one client's requests until the round is over.
func (r *Round) client(c *Client, n int, end time.Time) {
	random := c.random
	for time.Now().Before(end) && !r.full() {
		key := r.keys[random.Intn(len(r.keys))]
		some := []int64{key}
		value := atomic.AddInt64(r.next, 1)
		in := Input{Value: value}
		near := Condition{"<", value - int64(random.Intn(6*len(r.keys)))}
		switch dice := random.Intn(100); {
		case dice < 18:
			in.Kind = Put
		case dice < 24:
			in.Kind = Insert
		case dice < 30:
			in.Kind = Update
		case dice < 40:
			in.Kind, in.If = Swap, near
		case dice < 50:
			in.Kind = SetByID
		case dice < 62:
			in.Kind = SetByMatch
		case dice < 68:
			in.Kind, in.If = SetByMatch, near
		case dice < 73:
			in.Kind, some = SetByMatch, r.keys
		case dice < 76:
			in.Kind = Delete
		case dice < 80:
			in.Kind = DeleteMatch
		case dice < 83:
			in.Kind, in.If = DeleteMatch, near
		default:
			in.Kind = Read
		}
		if in.Kind == Read {
			r.read(c, n, some, r.drop)
			continue
		}
		r.write(c, n, in, some, random.Intn(8) != 0)
	}
}

// settle ends a round: writes that were acknowledged before they were applied are applied now, and
// the points are read.
func (r *Round) settle(c *Client) error {
	call := r.now()
	body := object{"keys": list{"nothing"}, "points": r.keys}
	if _, err := c.must("POST", collection+"/points/payload/delete?wait=true", body); err != nil {
		return err
	}
	r.end(call, r.now())
	r.read(c, 0, r.keys, 0)
	return nil
}

// end finds the latest time at which requests that were acknowledged at commit were applied.
// Entries are applied in order, so that time is before the answer of the first request that touched
// the same key, began after the acknowledgement and waited for its own application.
func (r *Round) end(settling, settled int64) {
	waited := map[int64][]porcupine.Operation{}
	for _, op := range r.history {
		if in := op.Input.(Input); in.Kind != Read && op.Return != never {
			waited[in.Key] = append(waited[in.Key], op)
		}
	}
	for i := range r.history {
		op := &r.history[i]
		acknowledged := op.Metadata.(int64)
		if op.Return != never || acknowledged == never {
			continue
		}
		if acknowledged < settling {
			op.Return = settled
		}
		for _, other := range waited[op.Input.(Input).Key] {
			if other.Call > acknowledged && other.Return < op.Return {
				op.Return = other.Return
			}
		}
	}
}
