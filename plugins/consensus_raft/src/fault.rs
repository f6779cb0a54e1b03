//! The reason why a step was refused. A status below 128 leaves the engine's state as it was; a
//! status from 128 on fences the engine.

use crate::abi;

#[derive(Clone, Debug)]
pub struct Fault {
    pub status: i32,
    pub text: String,
}

pub type Outcome<T> = Result<T, Fault>;

impl Fault {
    pub fn new(status: i32, text: impl Into<String>) -> Fault {
        Fault { status, text: text.into() }
    }

    pub fn invalid(text: impl Into<String>) -> Fault {
        Fault::new(abi::INVALID, text)
    }

    pub fn busy(text: impl Into<String>) -> Fault {
        Fault::new(abi::BUSY, text)
    }

    pub fn corrupt(text: impl Into<String>) -> Fault {
        Fault::new(abi::CORRUPT, text)
    }

    pub fn fences(&self) -> bool {
        self.status >= 128
    }
}

impl From<raft::Error> for Fault {
    fn from(error: raft::Error) -> Fault {
        Fault::new(abi::BUG, format!("raft refused a step it should have taken: {error}"))
    }
}
