package main

import (
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// As src/tail.rs and what stands beside it. A task that wakes itself is one that calls Gosched.

const (
	tailWarmUp   = 200 * time.Millisecond
	tailMeasured = 3 * time.Second
	tailPause    = time.Millisecond
	// Units of work, of a microsecond, by poll.
	burnt, worked, reported = 20_000, 5_000, 300_000
	blocked                 = 20 * time.Millisecond
)

type unitCounter struct {
	count atomic.Uint64
	_     [120]byte
}

// Only this counter's hog writes it.
func (counter *unitCounter) addOne() { counter.count.Store(counter.count.Load() + 1) }

type stage struct {
	settings            Settings
	sleeper, main, echo record
	counters            []*unitCounter
}

func (stage *stage) counter() *unitCounter {
	counter := new(unitCounter)
	stage.counters = append(stage.counters, counter)
	return counter
}

func (stage *stage) total() (total uint64) {
	for _, counter := range stage.counters {
		total += counter.count.Load()
	}
	return
}

// How late one probe was, in microseconds.
type record struct {
	sync.Mutex
	samples []float64
	due     time.Time
}

func (record *record) begin(now time.Time) {
	record.Lock()
	defer record.Unlock()
	record.samples = nil
	if record.due.IsZero() {
		record.due = now
	}
}

func (record *record) wait(due time.Time) {
	record.Lock()
	defer record.Unlock()
	record.due = due
}

func (record *record) came() {
	record.Lock()
	defer record.Unlock()
	record.add(time.Now())
}

func (record *record) add(now time.Time) {
	if !record.due.IsZero() {
		record.samples = append(record.samples, float64(now.Sub(record.due))/1e3)
		record.due = time.Time{}
	}
}

func (record *record) end() []float64 {
	record.Lock()
	defer record.Unlock()
	if now := time.Now(); record.due.Before(now) {
		record.add(now)
	}
	slices.Sort(record.samples)
	return record.samples
}

func tail(settings Settings, hogs func(*stage), works bool, idealSleeps float64) Sample {
	stage := &stage{settings: settings}
	procs := runtime.GOMAXPROCS(0)
	rate := measureRate(settings, procs)
	go sleepOn(&stage.sleeper)
	echoOn(&stage.echo)
	time.Sleep(tailWarmUp)
	begin := time.Now()
	for _, record := range []*record{&stage.sleeper, &stage.main, &stage.echo} {
		record.begin(begin)
	}
	reported := make(chan Sample)
	go func() { reported <- report(stage, begin, rate, procs, works, idealSleeps) }()
	hogs(stage)
	// In the body of main, until the scene is over.
	for {
		stage.main.wait(time.Now().Add(tailPause))
		time.Sleep(tailPause)
		stage.main.came()
		select {
		case sample := <-reported:
			return sample
		default:
		}
	}
}

func report(stage *stage, begin time.Time, rate float64, procs int, works bool, idealSleeps float64) Sample {
	cpu := cpuTime()
	time.Sleep(tailMeasured - time.Since(begin))
	wall := time.Since(begin).Seconds()
	counted, used := float64(stage.total()), cpuTime()-cpu
	threads := len(must(os.ReadDir("/proc/self/task")))
	sleeper, main, echo := stage.sleeper.end(), stage.main.end(), stage.echo.end()
	sample := Sample{
		"sleeper p50 us": quantile(sleeper, 0.5), "sleeper p99 us": quantile(sleeper, 0.99),
		"sleeper max us": quantile(sleeper, 1), "sleeps": float64(len(sleeper)),
		"main p50 us": quantile(main, 0.5), "main p99 us": quantile(main, 0.99),
		"echo p50 us": quantile(echo, 0.5), "echo p99 us": quantile(echo, 0.99),
		"cpu %": 100 * used.Seconds() / (wall * float64(procs)), "threads": float64(threads),
	}
	if works {
		sample["work %"] = 100 * counted / (rate * wall)
	}
	if idealSleeps > 0 {
		sample["blocked sleeps %"] = 100 * counted / (idealSleeps * wall)
	}
	return sample
}

// Units of work in a second by as many goroutines as there are processors, the median of five.
func measureRate(settings Settings, procs int) float64 {
	var rates []float64
	for range 5 {
		var over atomic.Bool
		stage := new(stage)
		var group sync.WaitGroup
		for range procs {
			counter := stage.counter()
			group.Go(func() {
				for !over.Load() {
					settings.work(1)
					counter.addOne()
				}
			})
		}
		before, start := stage.total(), time.Now()
		time.Sleep(50 * time.Millisecond)
		done := stage.total() - before
		rates = append(rates, float64(done)/time.Since(start).Seconds())
		over.Store(true)
		group.Wait()
	}
	slices.Sort(rates)
	return quantile(rates, 0.5)
}

func sleepOn(record *record) {
	for {
		record.wait(time.Now().Add(tailPause))
		time.Sleep(tailPause)
		record.came()
	}
}

func echoOn(record *record) {
	listener := listen()
	client := must(net.Dial("tcp4", listener.Addr().String()))
	served := must(listener.Accept())
	answer := func(message []byte) {
		must(io.ReadFull(served, message))
		must(served.Write(message))
	}
	go func() {
		for message := make([]byte, 64); ; {
			answer(message)
		}
	}()
	go func() {
		for message := make([]byte, 64); ; {
			record.wait(time.Now())
			must(client.Write(message))
			must(io.ReadFull(client, message))
			record.came()
			time.Sleep(tailPause)
		}
	}()
}

func (stage *stage) work(counter *unitCounter, units int) {
	for range units {
		stage.settings.work(1)
		counter.addOne()
	}
}

// Starts so many goroutines, each with a counter.
func (stage *stage) hogs(number int, body func(*unitCounter)) {
	for range number {
		counter := stage.counter()
		go body(counter)
	}
}

func loops(number int) func(*stage) {
	return func(stage *stage) {
		stage.hogs(number, func(counter *unitCounter) {
			for {
				stage.work(counter, 1)
			}
		})
	}
}

func burnInTurns(stage *stage) {
	stage.hogs(4, func(counter *unitCounter) {
		for {
			stage.work(counter, burnt)
			runtime.Gosched()
		}
	})
}

func workOnce(stage *stage) {
	stage.hogs(10_000, func(counter *unitCounter) { stage.work(counter, worked) })
}

// By the system's call: time.Sleep blocks no thread.
func blockInTurns(number int) func(*stage) {
	return func(stage *stage) {
		stage.hogs(number, func(counter *unitCounter) {
			for {
				blockThread(blocked)
				counter.addOne()
				runtime.Gosched()
			}
		})
	}
}

func yieldOn(stage *stage) {
	stage.hogs(4, func(counter *unitCounter) {
		for {
			counter.addOne()
			runtime.Gosched()
		}
	})
}

func sendAndSpawn(stage *stage) {
	const capacity, spawnedMax, unitsByMessage = 128, 8, 5
	messages := make(chan uint64, capacity)
	go func() {
		for range messages {
		}
	}()
	stage.hogs(100, func(counter *unitCounter) {
		var spawned atomic.Int32
		for {
			stage.work(counter, unitsByMessage)
			select {
			case messages <- 1:
			default:
			}
			if spawned.Load() < spawnedMax {
				spawned.Add(1)
				go spawned.Add(-1)
			}
		}
	})
}

var scenes = map[string]func(Settings) Sample{
	"tail/idle":            func(s Settings) Sample { return tail(s, func(*stage) {}, false, 0) },
	"tail/burn_4":          func(s Settings) Sample { return tail(s, burnInTurns, true, 0) },
	"tail/loops_2":         func(s Settings) Sample { return tail(s, loops(2), true, 0) },
	"tail/loops_4":         func(s Settings) Sample { return tail(s, loops(4), true, 0) },
	"tail/loops_100":       func(s Settings) Sample { return tail(s, loops(100), true, 0) },
	"tail/work_10000":      func(s Settings) Sample { return tail(s, workOnce, true, 0) },
	"tail/block_4":         func(s Settings) Sample { return tail(s, blockInTurns(4), false, 4/blocked.Seconds()) },
	"tail/block_100":       func(s Settings) Sample { return tail(s, blockInTurns(100), false, 100/blocked.Seconds()) },
	"tail/annotated_10000": func(s Settings) Sample { return tail(s, loops(10_000), true, 0) },
	"tail/wake_4":          func(s Settings) Sample { return tail(s, yieldOn, false, 0) },
	"tail/send_100":        func(s Settings) Sample { return tail(s, sendAndSpawn, true, 0) },
}

func serveReports(settings Settings) {
	listener := listen()
	announce(listener)
	fail(http.Serve(listener, http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		if request.URL.Path == "/report" {
			settings.work(reported)
		}
		io.WriteString(writer, "done")
	})).Error())
}
