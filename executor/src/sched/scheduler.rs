//! The structure that one runtime's processors and machines share.
//!
//! It is type-stable like the slots: a thread that was put aside between waking a task and queueing it
//! may come back when the runtime is long gone. So the structure is never freed but used again by a later
//! runtime ([`table`]), with another *epoch*.

use std::{
    io,
    panic::{RefUnwindSafe, UnwindSafe},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence},
    },
    time::{Duration, Instant},
};

use super::{
    barrier,
    bindings::Bindings,
    caps::Caps,
    fork,
    global::GlobalQueue,
    hand_offs::HandOffs,
    idle::Idle,
    machine::Machine,
    monitor::Monitor,
    netpoll::NetPoll,
    permits::{BlockingCounts, Permits},
    processor::Processor,
    processors::Processors,
    roll::Absent,
    signals::{self, Signals},
    sigurg, table,
};
use crate::{
    cpus::Limits,
    hand_off::Cause,
    shim::lock,
    slab::{self, Class},
    task::{Name, walk},
    time::Timers,
};

/// What a builder decides.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) processors: usize,
    /// What the number of processors follows, unless somebody has chosen it.
    pub(crate) limits: Option<Limits>,
    pub(crate) thread_name: String,
    pub(crate) stack_size: Option<usize>,
    /// Threads that run tasks, at most.
    pub(crate) machines: usize,
    /// How many functions of `spawn_blocking` run at a time.
    pub(crate) blocking: usize,
    /// CPU time that a poll may use while others wait.
    pub(crate) time_slice: Duration,
    /// Where a task panics the process aborts.
    pub(crate) aborts_on_panic: bool,
}

/// How long a start that failed waits for the threads that it had started: they have nothing to do.
const START_UNDONE: Duration = Duration::from_secs(1);

pub(crate) struct Scheduler {
    /// Its place in the table, which task headers hold.
    pub(crate) index: u16,
    pub(super) processors: Processors,
    /// Guards the number of processors that are live. The number follows what the system says; else somebody has
    /// chosen it.
    pub(super) follows: Mutex<bool>,
    pub(super) idle: Idle<&'static Processor, &'static Machine>,
    pub(super) global: GlobalQueue,
    pub(super) monitor: Monitor,
    pub(super) caps: Caps,
    pub(super) netpoll: NetPoll,
    pub(super) signals: Signals,
    /// Tasks that are bound to machines.
    pub(super) bindings: Bindings<&'static Machine>,
    /// Turns of `spawn_blocking`.
    pub(super) permits: Permits,
    /// Turns for tasks of the background, with their signal.
    pub(super) grants: AtomicU32,
    /// Machines that run user code without a processor.
    pub(super) absent: Absent,
    pub(super) hand_offs: HandOffs,
    /// Timers of threads without a processor.
    pub(super) foreign_timers: Timers,
    /// Tasks spawned less tasks ended by threads without a processor.
    pub(super) foreign_balance: AtomicI64,
    pub(super) closing: AtomicBool,
    epoch: AtomicU64,
    /// Threads of machines that live; `ended` tells of each that ends.
    pub(super) machines: AtomicUsize,
    /// Machines whose threads live, and those that wait to be used again.
    pub(super) roster: Mutex<Vec<&'static Machine>>,
    spare: Mutex<Vec<&'static Machine>>,
    pub(super) ended: Condvar,
    pub(super) life: Mutex<Life>,
    config: Mutex<Arc<Config>>,
}

/// How far a shutdown is. Guarded by `Scheduler::life`, told by `Scheduler::ended`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    Running,
    /// Until when machines may finish their polls before the walk begins.
    Closing {
        walk_at: Instant,
    },
    /// No machine lives, and the walk has dropped all futures.
    Walked,
}

/// A runtime that lives: the structure in one epoch. Copies may outlive it.
#[derive(Clone, Copy)]
pub(crate) struct Live {
    pub(crate) scheduler: &'static Scheduler,
    pub(crate) epoch: u64,
}

// A panic in a task, or in who holds a handle, leaves the scheduler whole: one inside of it aborts (P3 in `section`).
impl UnwindSafe for Live {}
impl RefUnwindSafe for Live {}

impl Scheduler {
    pub(super) fn new(index: u16) -> Scheduler {
        Scheduler {
            index,
            processors: Processors::new(),
            follows: Mutex::new(false),
            idle: Idle::new(),
            global: GlobalQueue::new(),
            monitor: Monitor::new(),
            caps: Caps::new(),
            netpoll: NetPoll::new(),
            signals: Signals::new(),
            bindings: Bindings::new(),
            permits: Permits::new(),
            grants: AtomicU32::new(0),
            absent: Absent::new(),
            hand_offs: HandOffs::new(),
            foreign_timers: Timers::new(),
            foreign_balance: AtomicI64::new(0),
            closing: AtomicBool::new(true),
            epoch: AtomicU64::new(0),
            machines: AtomicUsize::new(0),
            roster: Mutex::new(Vec::new()),
            spare: Mutex::new(Vec::new()),
            ended: Condvar::new(),
            life: Mutex::new(Life::Walked),
            config: Mutex::new(Arc::new(Config {
                processors: 0,
                limits: None,
                thread_name: String::new(),
                stack_size: None,
                machines: 0,
                blocking: 0,
                time_slice: Duration::ZERO,
                aborts_on_panic: false,
            })),
        }
    }

    /// Starts a runtime: reserves memory, starts the monitor and a machine for each processor.
    ///
    /// # Errors
    /// If address space or a thread cannot be had; nothing is left running.
    pub(crate) fn start(config: Config) -> io::Result<Live> {
        slab::reserve()?;
        barrier::init();
        sigurg::install();
        fork::prepare();
        let scheduler = table::take()?;
        let processors = config.processors;
        scheduler.processors.make(processors);
        scheduler.permits.reset(config.blocking);
        scheduler.hand_offs.reset();
        *lock(&scheduler.follows) = config.limits.is_some();
        *lock(&scheduler.config) = Arc::new(config);
        *lock(&scheduler.life) = Life::Running;
        let epoch = scheduler.global.open();
        scheduler.epoch.store(epoch, Ordering::SeqCst);
        scheduler.closing.store(false, Ordering::SeqCst);
        let retired = scheduler.set_live(processors);
        debug_assert!(retired.is_empty(), "the lists were cleared");
        let live = Live { scheduler, epoch };
        scheduler.caps.hold();
        scheduler
            .start_monitor()
            .inspect_err(|_| scheduler.end_unstarted())?;
        for _ in 0..processors {
            scheduler.start_machine(None).inspect_err(|_| {
                live.shutdown(START_UNDONE);
            })?;
        }
        scheduler.caps.release();
        Ok(live)
    }

    pub(super) fn config(&self) -> Arc<Config> {
        lock(&self.config).clone()
    }

    /// Starts another machine's thread, with a processor if one waits for it.
    pub(super) fn start_machine(
        &'static self,
        given: Option<&'static Processor>,
    ) -> io::Result<()> {
        let config = self.config();
        let machine = self.another_machine();
        machine.reset();
        lock(&self.roster).push(machine);
        if let Some(processor) = given {
            machine.give(processor);
        }
        let number = self.machines.fetch_add(1, Ordering::SeqCst);
        let name = format!("{}-{number}", config.thread_name);
        let mut thread = std::thread::Builder::new().name(name);
        if let Some(size) = config.stack_size {
            thread = thread.stack_size(size);
        }
        let started = thread.spawn(move || {
            machine.run();
            self.machine_ended(machine);
        });
        started.map(drop).map_err(|error| {
            self.machine_ended(machine);
            explain("a worker thread", error)
        })
    }

    /// A machine whose thread has ended, or a new one.
    fn another_machine(&'static self) -> &'static Machine {
        let spare = lock(&self.spare).pop();
        spare.unwrap_or_else(|| Box::leak(Box::new(Machine::new(self))))
    }

    fn machine_ended(&self, machine: &'static Machine) {
        lock(&self.roster).retain(|&other| other != machine);
        lock(&self.spare).push(machine);
        let life = lock(&self.life);
        self.machines.fetch_sub(1, Ordering::SeqCst);
        drop(life);
        self.ended.notify_all();
        self.monitor.kick();
    }

    /// In a child of `fork`: nobody runs its tasks, and nobody is to be woken for them. Stores only, for a signal's handler
    /// may do no more.
    pub(super) fn forsake(&self) {
        self.closing.store(true, Ordering::SeqCst);
        self.idle.forget_counts();
        self.monitor.forget_wishes();
    }

    #[inline(always)]
    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    /// More machines live than the processors and the machines that do without need.
    pub(super) fn has_surplus(&self) -> bool {
        self.machines.load(Ordering::Relaxed) > self.idle.live() + self.absent.all()
    }

    /// Queues a task from a thread without a processor.
    pub(super) fn push_global(&'static self, name: Name) {
        self.global.push(name);
        self.submitted();
    }

    /// Queues a task that has lost a processor by running too long.
    pub(super) fn push_background(&'static self, name: Name) {
        self.global.push_background(name);
        // Ordering: between the push and the look; pairs with the fence in `go_idle`.
        fence(Ordering::SeqCst);
        if self.background_stands() {
            self.submitted();
        }
    }

    /// Work was put where any processor may find it: wakes one if nobody is about to look.
    pub(super) fn submitted(&'static self) {
        if self.idle.submitted() {
            self.wake_one();
        }
    }

    /// Wakes an idle processor to search, if none searches.
    #[cold]
    pub(super) fn wake_one(&'static self) {
        let mut given = None;
        if self.idle.claim(|processor, machine| {
            self.pair(processor, machine);
            given = machine;
        }) {
            self.rouse_given(given);
        }
    }

    /// Gives a processor, which counts as searching, to a machine: to this one, or to a new one.
    pub(super) fn run_processor(
        &'static self,
        processor: &'static Processor,
        machine: Option<&'static Machine>,
    ) {
        self.pair(processor, machine);
        self.rouse_given(machine);
    }

    fn pair(&self, processor: &'static Processor, machine: Option<&'static Machine>) {
        match machine {
            Some(machine) => machine.give(processor),
            None => self.monitor.request_machine(processor),
        }
    }

    fn rouse_given(&self, machine: Option<&'static Machine>) {
        match machine {
            Some(machine) => machine.rouse(),
            None => self.monitor.kick(),
        }
    }

    /// Something stands that an idle processor could run, or should know of before it sleeps.
    pub(super) fn work_stands(&self) -> bool {
        self.global.has_work()
            || self.background_stands()
            || self.signals.is_raised(signals::STRANDED)
            || self.processors.first(self.reach()).any(Processor::has_work)
    }

    /// A hot loop waits that an idle processor should run.
    pub(super) fn background_stands(&self) -> bool {
        let idle = self.idle.counts().idle();
        self.global.has_background() && idle > 0 && self.has_room_beside_loops(idle - 1)
    }

    /// A processor may run a hot loop if so many are idle beside it. Those loops that run on without a processor use the same CPUs.
    /// If others took what seems idle beside them, all processors would be busy with hot loops again, and who is urgent
    /// had to wait until one is taken away. One more than there are CPUs keeps these busy: the kernel may have two of them on
    /// one CPU for milliseconds. (Without that one a twentieth of the work was lost.)
    pub(super) fn has_room_beside_loops(&self, idle: u32) -> bool {
        self.absent.want_cpus() <= idle + u32::from(idle > 0)
    }

    /// All timers of the runtime.
    pub(super) fn timers(&self) -> impl Iterator<Item = &Timers> {
        let own = self.processors.iter().map(|processor| &processor.timers);
        own.chain(std::iter::once(&self.foreign_timers))
    }
}

impl Live {
    /// The runtime that uses the structure now.
    pub(super) fn of(scheduler: &'static Scheduler) -> Live {
        Live {
            scheduler,
            epoch: scheduler.epoch.load(Ordering::SeqCst),
        }
    }

    /// It has not begun to shut down.
    pub(crate) fn is_open(self) -> bool {
        !self.scheduler.is_closing() && self.scheduler.epoch.load(Ordering::SeqCst) == self.epoch
    }

    /// Tasks that were spawned and have not ended.
    pub(crate) fn tasks(self) -> usize {
        if Live::of(self.scheduler).epoch != self.epoch {
            return 0;
        }
        let own: i64 = self
            .scheduler
            .processors
            .iter()
            .map(Processor::balance)
            .sum();
        let all = own + self.scheduler.foreign_balance.load(Ordering::Relaxed);
        usize::try_from(all).unwrap_or(0)
    }

    /// How often processors were taken for this cause; 0 once another runtime uses the structure.
    pub(crate) fn hand_offs(self, cause: Cause) -> u64 {
        if Live::of(self.scheduler).epoch != self.epoch {
            return 0;
        }
        self.scheduler.hand_offs.get(cause)
    }

    /// What there is to tell of `spawn_blocking`. `None`: the runtime has ended.
    pub(crate) fn blocking_counts(self) -> Option<BlockingCounts> {
        let counts = self.scheduler.permits.counts();
        (Live::of(self.scheduler).epoch == self.epoch).then_some(counts)
    }

    /// Adds what its processors' caches took and missed to `sum`.
    pub(crate) fn count_caches(self, sum: &mut dyn FnMut(Class, u64, u64)) {
        for processor in self.scheduler.processors.iter() {
            processor.cache_counts().add_to(sum);
        }
    }

    /// The runtime's live tasks that have not ended.
    pub(crate) fn walk(self) -> impl Iterator<Item = walk::Seen> {
        let index = self.scheduler.index;
        walk::tasks().filter(move |seen| seen.runtime == index && !seen.state.is_done())
    }
}

/// What the builder of a runtime decided. False if there is none.
pub(crate) fn aborts_on_panic(runtime: u16) -> bool {
    table::get(runtime).is_some_and(|scheduler| scheduler.config().aborts_on_panic)
}

pub(super) fn explain(what: &str, error: io::Error) -> io::Error {
    io::Error::new(
        error.kind(),
        format!(
            "cannot start {what}: {error}; raise the limit on threads (`ulimit -u`) or use fewer processors"
        ),
    )
}
