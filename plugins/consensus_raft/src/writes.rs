//! Keeps track of open writes, and of the messages that wait for them (trap T2).

use crate::limits;
use raft::eraftpb::{Message, MessageType};
use std::collections::VecDeque;

/// Numbers of the writes that the host was asked for and has not acknowledged yet. 0 means "none".
#[derive(Default)]
pub struct Writes {
    newest: u64,
    acknowledged: u64,
    /// The newest open write that changes term or vote.
    hard: u64,
    install: u64,
    install_index: u64,
}

impl Writes {
    pub fn opened(&mut self, number: u64, hard: bool, install_index: Option<u64>) {
        self.newest = number;
        if hard {
            self.hard = number;
        }
        if let Some(index) = install_index {
            self.install = number;
            self.install_index = index;
        }
    }

    pub fn newest(&self) -> u64 {
        self.newest
    }

    pub fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    pub fn any_open(&self) -> bool {
        self.newest > self.acknowledged
    }

    pub fn installing(&self) -> bool {
        self.install > self.acknowledged
    }

    /// Returns the index of a snapshot whose installation is now durable.
    pub fn acknowledge(&mut self, number: u64) -> Option<u64> {
        let was_installing = self.installing();
        self.acknowledged = number;
        (was_installing && !self.installing()).then_some(self.install_index)
    }

    /// Returns the write that must be durable before `message` may leave. An acknowledgement and a
    /// request for votes depend on the whole log. Every other message depends on term and vote, and
    /// on a snapshot that replaced the log.
    pub fn needed_by(&self, message: &Message) -> u64 {
        match MessageType::from_i32(message.msg_type) {
            Some(
                MessageType::MsgAppendResponse
                | MessageType::MsgRequestVote
                | MessageType::MsgRequestPreVote,
            ) => self.newest,
            _ => self.hard.max(self.install),
        }
    }
}

/// Messages in the order in which raft made them. Messages whose write is durable leave first.
#[derive(Default)]
pub struct Outbox {
    held: VecDeque<(u64, Message)>,
    pub dropped: u64,
}

impl Outbox {
    pub fn hold(&mut self, needed: u64, message: Message) {
        if self.held.len() >= limits::HELD_MESSAGES_MAX {
            self.held.pop_front();
            self.dropped += 1;
        }
        self.held.push_back((needed, message));
    }

    pub fn release(&mut self, acknowledged: u64, mut send: impl FnMut(Message)) {
        if self.held.is_empty() {
            return;
        }
        let mut waiting = VecDeque::new();
        for (needed, message) in self.held.drain(..) {
            if needed <= acknowledged {
                send(message);
            } else {
                waiting.push_back((needed, message));
            }
        }
        self.held = waiting;
    }
}
