//! Models of what the scheduler's threads do to each other. loom runs each in all ways in which the threads may take
//! turns, and with all values that their loads may yield; a model that returns has excluded the race that it is named after.

mod asleep;
mod bindings;
mod deadline;
mod depth;
mod entry;
mod gate;
mod given;
mod idle;
mod retake;
mod roll;
mod run_queue;
mod sample;
mod signal;
mod token;
