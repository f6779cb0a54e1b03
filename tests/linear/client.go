// Requests over REST. Each is sent again under the same X-Request-Id until it is answered, and now
// and then its answer is thrown away first.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	attemptTimeout = 5 * time.Second
	requestTimeout = 40 * time.Second // after which the outcome counts as unknown
	retryPause     = 20 * time.Millisecond
)

var errUnknown = errors.New("no answer in time: the outcome is unknown")

type Counts struct{ requests, dropped, retried, unknown int64 }

type Client struct {
	urls   []string
	at     int // index into urls; it moves on when a server does not answer
	name   string
	sent   int64
	random *rand.Rand
	http   *http.Client
	counts *Counts
}

func newClient(urls []string, n int, seed int64, counts *Counts) *Client {
	return &Client{
		urls:   urls,
		at:     n % len(urls),
		name:   fmt.Sprintf("linear-%d-%d", seed, n),
		random: rand.New(rand.NewSource(seed + int64(n))),
		http:   &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}},
		counts: counts,
	}
}

type reply struct {
	status int
	result json.RawMessage
	text   string
}

func (c *Client) once(
	method, path string, body []byte, id string, patience time.Duration,
) (reply, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	url := c.urls[c.at] + path
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	if id != "" {
		request.Header.Set("X-Request-Id", id)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return reply{}, err
	}
	var parsed struct{ Result json.RawMessage }
	if err := json.Unmarshal(text, &parsed); err != nil {
		return reply{}, err
	}
	return reply{response.StatusCode, parsed.Result, string(text)}, nil
}

// call sends a request until it has an answer. With probability drop it throws the answer away
// while waiting, and sends the request again a little later.
func (c *Client) call(method, path string, body interface{}, drop float64) (reply, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return reply{}, err
	}
	c.sent++
	id := fmt.Sprintf("%s-%d", c.name, c.sent)
	atomic.AddInt64(&c.counts.requests, 1)
	for end := time.Now().Add(requestTimeout); time.Now().Before(end); {
		patience := attemptTimeout
		dropped := c.random.Float64() < drop
		if dropped {
			patience = time.Duration(c.random.Int63n(int64(8 * time.Millisecond)))
			atomic.AddInt64(&c.counts.dropped, 1)
		}
		answer, err := c.once(method, path, text, id, patience)
		if err == nil && !dropped &&
			answer.status < 500 && answer.status != 408 && answer.status != 429 {
			return answer, nil
		}
		atomic.AddInt64(&c.counts.retried, 1)
		if err != nil && !dropped {
			c.at = (c.at + 1) % len(c.urls)
		}
		time.Sleep(time.Duration(c.random.Int63n(int64(retryPause))))
	}
	atomic.AddInt64(&c.counts.unknown, 1)
	return reply{}, errUnknown
}

// must sends a request that prepares a run and has to succeed.
func (c *Client) must(method, path string, body interface{}) (json.RawMessage, error) {
	answer, err := c.call(method, path, body, 0)
	if err == nil && answer.status != 200 {
		err = fmt.Errorf("%s %s: %d %s", method, path, answer.status, answer.text)
	}
	return answer.result, err
}
