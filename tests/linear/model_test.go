package main

import (
	"testing"

	"github.com/anishathalye/porcupine"
)

// history makes operations that come one after another, unless they have the same step.
func history(ops ...porcupine.Operation) []porcupine.Operation { return ops }

func op(call, back int64, in Input, affected int) porcupine.Operation {
	out := Output{Affected: affected}
	return porcupine.Operation{Input: in, Call: call, Return: back, Output: out}
}

func read(call, back int64, p Point) porcupine.Operation {
	out := Output{Affected: -1, Point: p}
	return porcupine.Operation{Input: Input{Kind: Read}, Call: call, Return: back, Output: out}
}

func TestOrdersThatAreRight(t *testing.T) {
	put := op(1, 2, Input{Kind: Put, Value: 1}, 1)
	for name, h := range map[string][]porcupine.Operation{
		"two at once, both had their effect": history(
			put,
			op(3, 6, Input{Kind: SetByID, Value: 7}, 1),
			op(3, 6, Input{Kind: SetByMatch, Value: 8}, 1),
			read(7, 8, Point{true, 1, 7, 8}),
		),
		"the filter did not match any more": history(
			put,
			op(3, 6, Input{Kind: Put, Value: 2}, 1),
			op(3, 6, Input{Kind: DeleteMatch, If: Condition{"=", 1}}, 0),
			read(7, 8, Point{true, 2, 0, 0}),
		),
		"an unknown outcome that never came": history(
			put,
			op(3, never, Input{Kind: Delete}, -1),
			read(4, 5, Point{true, 1, 0, 0}),
		),
		"an insert that found a point": history(
			put,
			op(3, 4, Input{Kind: Insert, Value: 2}, 0),
			read(5, 6, Point{true, 1, 0, 0}),
		),
	} {
		if !porcupine.CheckOperations(model, h) {
			t.Errorf("%s: judged wrong", name)
		}
	}
}

func TestOrdersThatAreWrong(t *testing.T) {
	put := op(1, 2, Input{Kind: Put, Value: 1}, 1)
	for name, h := range map[string][]porcupine.Operation{
		"an acknowledged write that was dropped": history(
			put,
			op(3, 6, Input{Kind: SetByID, Value: 7}, 1),
			op(3, 6, Input{Kind: SetByMatch, Value: 8}, -1),
			read(7, 8, Point{true, 1, 7, 0}),
		),
		"affected says 0 for a point that matched": history(
			put,
			op(3, 4, Input{Kind: DeleteMatch, If: Condition{"<", 5}}, 0),
		),
		"a request carried out again": history(
			put,
			op(3, 4, Input{Kind: Update, Value: 2}, 1),
			op(5, 6, Input{Kind: Put, Value: 3}, 1),
			read(7, 8, Point{true, 2, 0, 0}),
		),
		"a read that goes back": history(
			put,
			op(3, 4, Input{Kind: Put, Value: 2}, 1),
			read(5, 6, Point{true, 2, 0, 0}),
			read(7, 8, Point{true, 1, 0, 0}),
		),
	} {
		if porcupine.CheckOperations(model, h) {
			t.Errorf("%s: judged right", name)
		}
	}
}
