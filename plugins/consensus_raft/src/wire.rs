//! The bytes between replicas: one version byte, then raft's message in protobuf. Incoming messages
//! are checked here, because raft panics on messages that it does not expect (traps T9, T12, T13,
//! T14).

use crate::abi;
use crate::core::Core;
use crate::fault::{Fault, Outcome};
use crate::members;
use prost::Message as _;
use raft::eraftpb::{Entry, EntryType, Message, MessageType};

const VERSION: u8 = 1;

pub fn encode(message: &Message) -> Vec<u8> {
    let mut frame = Vec::with_capacity(1 + message.encoded_len());
    frame.push(VERSION);
    message.encode_raw(&mut frame);
    frame
}

fn decode(frame: &[u8]) -> Outcome<Message> {
    match frame.split_first() {
        Some((&VERSION, body)) => Message::decode(body)
            .map_err(|error| Fault::invalid(format!("message does not decode: {error}"))),
        Some((version, _)) => {
            Err(Fault::new(abi::UNSUPPORTED, format!("message of version {version}")))
        }
        None => Err(Fault::invalid("message is empty")),
    }
}

impl Core {
    pub fn receive(&mut self, sender: u64, frame: &[u8]) -> Outcome<()> {
        let mut message = decode(frame)?;
        if message.from != sender || message.to != self.settings.id || sender == self.settings.id {
            return Err(Fault::invalid(format!(
                "message from {} to {} came from {sender} to {}",
                message.from, message.to, self.settings.id
            )));
        }
        if message.term == 0 {
            return Err(Fault::invalid("message without a term"));
        }
        let kind = MessageType::from_i32(message.msg_type).ok_or_else(|| {
            Fault::invalid(format!("message kind {} is unknown", message.msg_type))
        })?;
        let current = message.term >= self.node.raft.term;
        match kind {
            MessageType::MsgAppend => self.check_append(&message, current)?,
            MessageType::MsgHeartbeat => self.check_heartbeat(&message, current)?,
            MessageType::MsgSnapshot => self.check_snapshot(&message)?,
            MessageType::MsgAppendResponse => {
                if self.is_stale_answer(&message)? {
                    return Ok(());
                }
            }
            MessageType::MsgHeartbeatResponse => {
                if !message.context.is_empty() && !self.reads.is_current(&message.context) {
                    message.context.clear();
                }
            }
            MessageType::MsgTimeoutNow => {
                if !self.may_campaign() {
                    return Ok(());
                }
            }
            MessageType::MsgRequestVote
            | MessageType::MsgRequestVoteResponse
            | MessageType::MsgRequestPreVote
            | MessageType::MsgRequestPreVoteResponse => {}
            // Proposals, transfers and reads are not forwarded; the host redirects them. All other
            // kinds never leave a replica.
            _ => {
                return Err(Fault::invalid(format!(
                    "message kind {kind:?} is not accepted from a peer"
                )))
            }
        }
        match self.node.step(message) {
            // The answer came from a replica that was removed meanwhile.
            Ok(()) | Err(raft::Error::StepPeerNotFound) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn check_append(&self, message: &Message, current: bool) -> Outcome<()> {
        let mut expected = message.index;
        let mut term = message.log_term;
        for entry in &message.entries {
            expected = expected
                .checked_add(1)
                .ok_or_else(|| Fault::invalid("append beyond the last index"))?;
            if entry.index != expected || entry.term < term || entry.term > message.term {
                return Err(Fault::invalid(format!(
                    "append holds entry ({}, term {}) where ({expected}, term {term} or later) \
                     belongs",
                    entry.index, entry.term
                )));
            }
            term = entry.term;
            check_entry(entry)?;
        }
        let log = &self.node.raft.raft_log;
        if !current
            || message.index < log.committed
            || !log.match_term(message.index, message.log_term)
        {
            return Ok(());
        }
        let conflict = message
            .entries
            .iter()
            .find(|e| e.index <= log.committed && !log.match_term(e.index, e.term));
        match conflict {
            Some(entry) => Err(Fault::corrupt(format!(
                "leader {} sends entry {} of term {}, but another one is committed here",
                message.from, entry.index, entry.term
            ))),
            None => Ok(()),
        }
    }

    /// A leader announces at most the index that this replica once acknowledged. If that entry is
    /// not in the log, the log was lost, and with it the votes and acknowledgements that others
    /// rely on.
    fn check_heartbeat(&self, message: &Message, current: bool) -> Outcome<()> {
        let last = self.node.raft.raft_log.last_index();
        if current && message.commit > last {
            return Err(Fault::corrupt(format!(
                "leader {} knows of {} entries acknowledged here, but the log ends at {last}",
                message.from, message.commit
            )));
        }
        Ok(())
    }

    fn check_snapshot(&self, message: &Message) -> Outcome<()> {
        let metadata = message.snapshot.as_ref().and_then(|snapshot| snapshot.metadata.as_ref());
        let Some(metadata) = metadata.filter(|metadata| metadata.index > 0 && metadata.term > 0)
        else {
            return Err(Fault::invalid("snapshot message without a snapshot"));
        };
        let conf = metadata.conf_state.clone().unwrap_or_default();
        members::check_conf_state(&conf)?;
        if conf.voters.is_empty() || metadata.term > message.term {
            return Err(Fault::invalid("snapshot message without voters or from the future"));
        }
        if self.writes.installing() {
            return Err(Fault::busy("a snapshot is being installed"));
        }
        Ok(())
    }

    /// Raft moves a peer's next index below the acknowledged one if a late rejection matches (trap
    /// T12).
    fn is_stale_answer(&self, message: &Message) -> Outcome<bool> {
        let raft = &self.node.raft;
        if message.term != raft.term || !self.is_leader() {
            return Ok(false);
        }
        if !message.reject && message.index > raft.raft_log.last_index() {
            return Err(Fault::invalid(format!(
                "replica {} acknowledges entry {}, but the log ends at {}",
                message.from,
                message.index,
                raft.raft_log.last_index()
            )));
        }
        let matched = raft.prs().get(message.from).map_or(0, |progress| progress.matched);
        Ok(message.reject
            && message.request_snapshot == 0
            && (message.index <= matched || message.reject_hint < matched))
    }
}

fn check_entry(entry: &Entry) -> Outcome<()> {
    match EntryType::from_i32(entry.entry_type) {
        Some(EntryType::EntryNormal) => Ok(()),
        Some(EntryType::EntryConfChangeV2) => members::decode_change(&entry.data).map(|_| ()),
        _ => Err(Fault::invalid(format!(
            "entry {} is of unknown kind {}",
            entry.index, entry.entry_type
        ))),
    }
}
