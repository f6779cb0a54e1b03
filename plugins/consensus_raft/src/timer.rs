//! Election time-outs that follow from the instance's seed, so that a run can be replayed (trap
//! T16).

/// The SplitMix64 generator.
pub struct Random {
    state: u64,
}

impl Random {
    pub fn new(seed: u64) -> Random {
        Random { state: seed }
    }

    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.state;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }
}

/// The time that a follower waits for its leader, from [election_ticks, 2 * election_ticks). It is
/// drawn anew for each term and role.
pub struct ElectionTimer {
    random: Random,
    election_ticks: u64,
    timeout_ticks: u64,
}

impl ElectionTimer {
    pub fn new(seed: u64, incarnation: u64, election_ticks: u64) -> ElectionTimer {
        let mut random = Random::new(seed ^ incarnation.wrapping_mul(0xA24B_AED4_963E_E407));
        let timeout_ticks = election_ticks + random.next() % election_ticks;
        ElectionTimer { random, election_ticks, timeout_ticks }
    }

    pub fn draw(&mut self) {
        self.timeout_ticks = self.election_ticks + self.random.next() % self.election_ticks;
    }

    pub fn expired(&self, elapsed_ticks: u64) -> bool {
        elapsed_ticks >= self.timeout_ticks
    }
}
