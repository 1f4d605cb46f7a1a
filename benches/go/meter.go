// Clocks and counters, as in src/meter.rs, and the work of src/work.rs.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"
)

const (
	warmUp = 100 * time.Millisecond
	window = 250 * time.Millisecond
)

type Reading struct {
	wall   time.Time
	cpu    time.Duration
	memory runtime.MemStats
	counts bool
}

func read(settings Settings) *Reading {
	reading := &Reading{counts: settings.countAllocations}
	if reading.counts {
		runtime.ReadMemStats(&reading.memory)
	}
	reading.wall, reading.cpu = time.Now(), cpuTime()
	return reading
}

func (start *Reading) perOperation(operations int) Sample {
	wall, cpu := time.Since(start.wall), cpuTime()-start.cpu
	each := func(total float64) float64 { return total / float64(operations) }
	if !start.counts {
		return Sample{"wall ns/op": each(float64(wall)), "cpu ns/op": each(float64(cpu))}
	}
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	return Sample{
		"allocations/op": each(float64(now.Mallocs - start.memory.Mallocs)),
		"allocated B/op": each(float64(now.TotalAlloc - start.memory.TotalAlloc)),
	}
}

// throughput repeats round, which does so many operations: first to warm up, then measured.
func throughput(settings Settings, operations int, round func()) Sample {
	repeat(warmUp, round)
	start := read(settings)
	rounds := repeat(window, round)
	return start.perOperation(rounds * operations)
}

func repeat(limit time.Duration, round func()) (rounds int) {
	for start := time.Now(); rounds == 0 || time.Since(start) < limit; rounds++ {
		round()
	}
	return rounds
}

func cpuTime() time.Duration {
	var usage syscall.Rusage
	must(0, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func residentBytes() float64 {
	text := must(os.ReadFile("/proc/self/smaps_rollup"))
	for line := range strings.Lines(string(text)) {
		var kilobytes float64
		if n, _ := fmt.Sscanf(line, "Rss: %f kB", &kilobytes); n == 1 {
			return kilobytes * 1024
		}
	}
	fail("smaps_rollup has no line Rss")
	return 0
}

// Keeps the compiler from leaving the work out.
var sink uint64

//go:noinline
func chain(steps uint, state uint64) uint64 {
	for range steps {
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
	}
	return state
}

func (settings Settings) work(microseconds uint) {
	if chain(settings.steps*microseconds, 0x9E3779B97F4A7C15) == 0 {
		sink++ // Never: xorshift has no way to nought.
	}
}
