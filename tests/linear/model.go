// The state of one point and the effect of each request on it: the sequential specification that
// histories are judged by.
package main

import (
	"fmt"
	"sort"

	"github.com/anishathalye/porcupine"
)

// Point is one key's state. Its payload holds v (set by whole writes), a (set by id) and b (set by
// filter).
type Point struct {
	Exists  bool
	V, A, B int64
}

type Kind int

const (
	Put         Kind = iota // upsert: v is new, a and b are gone
	Insert                  // the same with update_mode insert_only
	Update                  // the same with update_mode update_only
	Swap                    // update_only with an update_filter
	SetByID                 // a is set, by id
	SetByMatch              // b is set, by filter
	Delete                  // by id
	DeleteMatch             // by filter
	Read
)

var kindNames = [...]string{
	"put", "insert", "update", "swap", "set", "set by filter", "delete", "delete by filter", "read",
}

// Condition on v; the zero value holds for every point that exists.
type Condition struct {
	Op    string // "", "=", "<"
	Value int64
}

func (c Condition) holds(p Point) bool {
	switch c.Op {
	case "=":
		return p.V == c.Value
	case "<":
		return p.V < c.Value
	}
	return true
}

// Input is a request as one of its keys sees it.
type Input struct {
	Key   int64
	Kind  Kind
	Value int64
	If    Condition
}

// Output is the reply that the client got. Affected is the number of changed points in the reply,
// or -1 if it has none.
type Output struct {
	Affected int
	Point    Point // of a read
}

// apply returns the state after the request and whether it changed the point.
func apply(p Point, in Input) (Point, bool) {
	whole := Point{Exists: true, V: in.Value}
	switch in.Kind {
	case Put:
		return whole, true
	case Insert:
		if p.Exists {
			return p, false
		}
		return whole, true
	case Update:
		if !p.Exists {
			return p, false
		}
		return whole, true
	case Swap:
		if !p.Exists || !in.If.holds(p) {
			return p, false
		}
		return whole, true
	}
	if !p.Exists || !in.If.holds(p) {
		return p, false
	}
	switch in.Kind {
	case SetByID:
		p.A = in.Value
	case SetByMatch:
		p.B = in.Value
	case Delete, DeleteMatch:
		return Point{}, true
	}
	return p, true
}

var model = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		byKey := map[int64][]porcupine.Operation{}
		for _, op := range history {
			key := op.Input.(Input).Key
			byKey[key] = append(byKey[key], op)
		}
		var parts [][]porcupine.Operation
		for _, part := range byKey {
			parts = append(parts, part)
		}
		sort.Slice(parts, func(i, j int) bool {
			return parts[i][0].Input.(Input).Key < parts[j][0].Input.(Input).Key
		})
		return parts
	},
	Init: func() interface{} { return Point{} },
	Step: func(state, input, output interface{}) (bool, interface{}) {
		p, in, out := state.(Point), input.(Input), output.(Output)
		if in.Kind == Read {
			return p == out.Point, p
		}
		next, changed := apply(p, in)
		if out.Affected >= 0 && (out.Affected == 1) != changed {
			return false, p
		}
		return true, next
	},
	DescribeOperation: func(input, output interface{}) string {
		in, out := input.(Input), output.(Output)
		if in.Kind == Read {
			return fmt.Sprintf("read -> %s", describe(out.Point))
		}
		text := fmt.Sprintf("%s %d", kindNames[in.Kind], in.Value)
		if in.If.Op != "" {
			text += fmt.Sprintf(" if v %s %d", in.If.Op, in.If.Value)
		}
		if out.Affected >= 0 {
			text += fmt.Sprintf(" -> %d", out.Affected)
		}
		return text
	},
	DescribeState: func(state interface{}) string { return describe(state.(Point)) },
}

func describe(p Point) string {
	if !p.Exists {
		return "none"
	}
	return fmt.Sprintf("v=%d a=%d b=%d", p.V, p.A, p.B)
}
