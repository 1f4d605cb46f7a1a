// The Go twin of a gmp-benches child: the same workloads by the same names, the same arguments, the same output.
//
// How it works: see src/child.rs, which this follows. The arguments are written by the bench program only.
//
// Each workload's file says only where Go's form differs from the Rust one.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"strings"
)

// Sample holds figures by the names that src/metric.rs lists.
type Sample map[string]float64

type Settings struct {
	// How many steps of work take a microsecond.
	steps            uint
	countAllocations bool
}

// Measures and returns.
var measured = map[string]func(Settings) Sample{
	"spawn_detached":     spawnDetached,
	"spawn_join":         spawnJoin,
	"chained_spawn":      chainedSpawn,
	"fork_join":          forkJoin,
	"fork_join_work":     forkJoinWork,
	"overlap":            overlap,
	"yield_many":         yieldMany,
	"timer_drop/alone":   timerDropAlone,
	"timer_drop/beside":  timerDropBeside,
	"timer_lateness":     timerLateness,
	"task_bytes/pending": bytesPending,
	"task_bytes/sleep":   bytesSleep,
	"task_bytes/channel": bytesChannel,
	"tcp_echo/64":        func(settings Settings) Sample { return tcpEcho(settings, 64) },
	"tcp_echo/4096":      func(settings Settings) Sample { return tcpEcho(settings, 4096) },
	"ping_pong":          pingPong,
	"chan/1x1_0":         func(settings Settings) Sample { return channel(settings, 1, 0) },
	"chan/1x1_10":        func(settings Settings) Sample { return channel(settings, 1, 10) },
	"chan/1x1_100":       func(settings Settings) Sample { return channel(settings, 1, 100) },
	"chan/4x4_0":         func(settings Settings) Sample { return channel(settings, 4, 0) },
	"chan/4x4_10":        func(settings Settings) Sample { return channel(settings, 4, 10) },
	"chan/4x4_100":       func(settings Settings) Sample { return channel(settings, 4, 100) },
	"select":             selectOfTwo,
	"mutex/alone":        mutexAlone,
	"mutex/contended":    mutexContended,
	"rwlock/read":        rwLockRead,
	"waitgroup":          waitGroup,
	"once":               onceDone,
	"context":            cancelChildren,
	"pool":               pooled,
}

// Serves until standard input ends.
var served = map[string]func(Settings){
	"task_bytes/connection": func(Settings) { serveIdle() },
	"hyper_http1/c64":       func(Settings) { serveHTTP1() },
	"hyper_http1/c1000":     func(Settings) { serveHTTP1() },
	"hyper_http1/h2":        func(Settings) { serveHTTP2() },
	"tail_service/50":       serveReports,
	"tail_service/1000":     serveReports,
}

func main() {
	if len(os.Args) < 2 || os.Args[1] != "run-as-child" {
		fail("this program is started by gmp-benches only")
	}
	flags := flag.NewFlagSet("child", flag.ExitOnError)
	workload := flags.String("workload", "", "")
	flags.String("rival", "go", "")
	procs := flags.Int("procs", 1, "")
	steps := flags.Uint("steps", 1, "")
	countAllocations := flags.Bool("count-allocs", false, "")
	flags.Parse(os.Args[2:])
	runtime.GOMAXPROCS(*procs)

	settings := Settings{*steps, *countAllocations}
	if serve, ok := served[*workload]; ok {
		serve(settings)
		return
	}
	maps.Copy(measured, scenes)
	measure, ok := measured[*workload]
	if !ok {
		fail("Go has no workload " + *workload)
	}
	go endWithStandardInput()
	show(measure(settings))
}

func endWithStandardInput() {
	io.Copy(io.Discard, os.Stdin)
	os.Exit(1)
}

func show(figures any) {
	line := new(strings.Builder)
	if err := json.NewEncoder(line).Encode(figures); err != nil {
		fail(err.Error())
	}
	fmt.Print(line)
}

func must[T any](value T, err error) T {
	if err != nil {
		fail(err.Error())
	}
	return value
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, "gmp-benches, Go child:", why)
	os.Exit(1)
}
