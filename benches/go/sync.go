package main

import (
	"context"
	"sync"
	"sync/atomic"
)

func pingPong(settings Settings) Sample {
	const roundTrips = 10_000
	return throughput(settings, roundTrips, func() {
		balls, answers := make(chan uint64), make(chan uint64)
		var group sync.WaitGroup
		group.Go(func() {
			for ball := range balls {
				answers <- ball
			}
		})
		group.Go(func() {
			for number := range uint64(roundTrips) {
				balls <- number
				if <-answers != number {
					fail("this was not echoed")
				}
			}
			close(balls)
		})
		group.Wait()
	})
}

// What the last sender's end is in Rust, the last producer says here.
func channel(settings Settings, pairs, capacity int) Sample {
	const messages = 10_000
	share := uint64(messages / pairs)
	return throughput(settings, messages, func() {
		numbers := make(chan uint64, capacity)
		var sum atomic.Uint64
		var producers, consumers sync.WaitGroup
		for range pairs {
			consumers.Go(func() {
				var part uint64
				for number := range numbers {
					part += number
				}
				sum.Add(part)
			})
		}
		for range pairs {
			producers.Go(func() {
				for number := range share {
					numbers <- number
				}
			})
		}
		producers.Wait()
		close(numbers)
		consumers.Wait()
		if sum.Load() != uint64(pairs)*share*(share-1)/2 {
			fail("a message was lost, or came twice")
		}
	})
}

func selectOfTwo(settings Settings) Sample {
	const messages = 10_000
	return throughput(settings, messages, func() {
		ones, others := make(chan uint64), make(chan uint64)
		var sum uint64
		var group sync.WaitGroup
		group.Go(func() {
			for range messages {
				select {
				case number := <-ones:
					sum += number
				case number := <-others:
					sum += number
				}
			}
		})
		group.Go(func() {
			for number := range uint64(messages) {
				if number%2 == 0 {
					ones <- number
				} else {
					others <- number
				}
			}
		})
		group.Wait()
		if sum != messages*(messages-1)/2 {
			fail("a message was lost, or came twice")
		}
	})
}

func mutexAlone(settings Settings) Sample {
	const locks = 10_000
	return throughput(settings, locks, func() {
		counter := new(counter)
		counter.add(locks)
		counter.check(locks)
	})
}

func mutexContended(settings Settings) Sample {
	const tasks, locks = 100, 1000
	return throughput(settings, tasks*locks, func() {
		counter := new(counter)
		var group sync.WaitGroup
		for range tasks {
			group.Go(func() { counter.add(locks) })
		}
		group.Wait()
		counter.check(tasks * locks)
	})
}

type counter struct {
	mutex sync.Mutex
	value int
}

func (counter *counter) add(times int) {
	for range times {
		counter.mutex.Lock()
		counter.value++
		counter.mutex.Unlock()
	}
}

func (counter *counter) check(sum int) {
	if counter.value != sum {
		fail("one has added while another one did")
	}
}

func rwLockRead(settings Settings) Sample {
	const tasks, reads = 100, 1000
	return throughput(settings, tasks*reads, func() {
		var lock sync.RWMutex
		value := 1
		var sum atomic.Int64
		var group sync.WaitGroup
		for range tasks {
			group.Go(func() {
				seen := 0
				for range reads {
					lock.RLock()
					seen += value
					lock.RUnlock()
				}
				sum.Add(int64(seen))
			})
		}
		group.Wait()
		if sum.Load() != tasks*reads {
			fail("the value has changed")
		}
	})
}

func waitGroup(settings Settings) Sample {
	const tasks = 10_000
	return throughput(settings, tasks, func() {
		var group sync.WaitGroup
		for range tasks {
			group.Go(func() {})
		}
		group.Wait()
	})
}

func onceDone(settings Settings) Sample {
	const calls = 10_000
	return throughput(settings, calls, func() {
		var once sync.Once
		for range calls {
			once.Do(func() {})
		}
	})
}

func cancelChildren(settings Settings) Sample {
	cancelRound(settings)
	return cancelRound(settings)
}

func cancelRound(settings Settings) Sample {
	const count = 100_000
	root, cancel := context.WithCancel(context.Background())
	children, cancels := make([]context.Context, count), make([]context.CancelFunc, count)
	for at := range count {
		children[at], cancels[at] = context.WithCancel(root)
	}
	start := read(settings)
	cancel()
	sample := start.perOperation(count)
	for at, child := range children {
		if child.Err() == nil {
			fail("who is below is not cancelled")
		}
		cancels[at]()
	}
	return sample
}

func pooled(settings Settings) Sample {
	const buffers = 10_000
	return throughput(settings, buffers, func() {
		pool := sync.Pool{New: func() any {
			buffer := make([]byte, 0, 1024)
			return &buffer
		}}
		for number := range buffers {
			buffer := pool.Get().(*[]byte)
			*buffer = append(*buffer, byte(number))
			*buffer = (*buffer)[:0]
			pool.Put(buffer)
		}
	})
}
