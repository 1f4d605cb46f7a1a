package main

import (
	"runtime"
	"sync"
	"sync/atomic"
)

func spawnDetached(settings Settings) Sample {
	const tasks = 100_000
	var missing atomic.Int64
	done := make(chan struct{})
	return throughput(settings, tasks, func() {
		missing.Store(tasks)
		for range tasks {
			go func() {
				if missing.Add(-1) == 0 {
					done <- struct{}{}
				}
			}()
		}
		<-done
	})
}

// A goroutine has no handle with a result: a channel of its own is what comes nearest.
func spawnJoin(settings Settings) Sample {
	const tasks = 10_000
	return throughput(settings, tasks, func() {
		handles := make([]chan int, 0, tasks)
		for number := range tasks {
			handle := make(chan int, 1)
			go func() { handle <- number }()
			handles = append(handles, handle)
		}
		for _, handle := range handles {
			<-handle
		}
	})
}

func chainedSpawn(settings Settings) Sample {
	const depth = 100_000
	done := make(chan struct{})
	var link func(left int)
	link = func(left int) {
		if left == 0 {
			done <- struct{}{}
			return
		}
		go link(left - 1)
	}
	return throughput(settings, depth, func() {
		go link(depth - 1)
		<-done
	})
}

func leaf(number int) int {
	if number < 2 {
		return number
	}
	return leaf(number-1) + leaf(number-2)
}

// The two results come back in variables, and a WaitGroup says when: Go's usual form, and cheaper than two channels.
func forkJoin(settings Settings) Sample {
	const number, smallestSplit, tasks = 24, 5, 35_420
	var fibonacci func(number int) int
	fibonacci = func(number int) int {
		if number < smallestSplit {
			return leaf(number)
		}
		return both(func() int { return fibonacci(number - 1) }, func() int { return fibonacci(number - 2) })
	}
	return throughput(settings, tasks, func() {
		if fibonacci(number) != 46_368 {
			fail("this is not the 24th Fibonacci number")
		}
	})
}

func forkJoinWork(settings Settings) Sample {
	const levels, smallestSplit, leaves = 24, 5, 17_711
	var tree func(levels int) int
	tree = func(levels int) int {
		if levels < smallestSplit {
			settings.work(1)
			return 1
		}
		return both(func() int { return tree(levels - 1) }, func() int { return tree(levels - 2) })
	}
	return throughput(settings, leaves, func() {
		if tree(levels) != leaves {
			fail("a leaf was not worked on")
		}
	})
}

func both(one, other func() int) int {
	var results [2]int
	var group sync.WaitGroup
	group.Add(2)
	go func() { results[0] = one(); group.Done() }()
	go func() { results[1] = other(); group.Done() }()
	group.Wait()
	return results[0] + results[1]
}

func overlap(settings Settings) Sample {
	const microseconds = 1000
	done := make(chan struct{})
	return throughput(settings, 1, func() {
		go func() {
			settings.work(microseconds)
			done <- struct{}{}
		}()
		settings.work(microseconds)
		<-done
	})
}

func yieldMany(settings Settings) Sample {
	const tasks, yields = 1000, 1000
	return throughput(settings, tasks*yields, func() {
		var group sync.WaitGroup
		group.Add(tasks)
		for range tasks {
			go func() {
				for range yields {
					runtime.Gosched()
				}
				group.Done()
			}()
		}
		group.Wait()
	})
}
