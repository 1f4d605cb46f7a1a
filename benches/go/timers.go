package main

import (
	"math"
	"slices"
	"time"
)

func timerDropAlone(settings Settings) Sample {
	const timers = 10_000
	return throughput(settings, timers, func() {
		for range timers {
			// Go's runtime ties a timer to its channel only while somebody waits; Stop is the drop.
			time.NewTimer(time.Hour).Stop()
		}
	})
}

func timerDropBeside(settings Settings) Sample {
	go time.Sleep(30 * time.Minute)
	return timerDropAlone(settings)
}

func timerLateness(settings Settings) Sample {
	const timers = 10_000
	lateness := make([]float64, timers)
	round := func() {
		done := make(chan struct{}, timers)
		for number := range timers {
			go func() {
				lateness[number] = sleeper(number, timers)
				done <- struct{}{}
			}()
		}
		for range timers {
			<-done
		}
	}
	round()
	start := read(settings)
	round()
	sample := start.perOperation(timers)
	slices.Sort(lateness)
	sample["lateness p50 us"] = quantile(lateness, 0.5)
	sample["lateness p99 us"] = quantile(lateness, 0.99)
	return sample
}

func sleeper(number, timers int) float64 {
	const shortest, spread = time.Millisecond, 99 * time.Millisecond
	place := number * 7919 % timers
	asked := shortest + spread*time.Duration(place)/time.Duration(timers)
	start := time.Now()
	time.Sleep(asked)
	return float64(time.Since(start)-asked) / 1e3
}

func quantile(sorted []float64, share float64) float64 {
	return sorted[max(int(math.Ceil(share*float64(len(sorted)))), 1)-1]
}
