// Every limit of the host has its name here: queues, buffers, loops and what a request may ask for.
// Sizes marked (tiny) shrink to 2 in the `tiny` preset, so that boundary faults show up in small
// tests.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rhumb::base::limits {

inline constexpr uint64_t kKiB = 1024, kMiB = 1024 * kKiB, kGiB = 1024 * kMiB;
#ifdef RHUMB_TINY
inline constexpr uint64_t tiny(uint64_t) { return 2; }
#else
inline constexpr uint64_t tiny(uint64_t normal) { return normal; }
#endif

// What a client may send (rest-api.md). Over it: 4xx with field, value and limit.
inline constexpr uint32_t kMaxDim = 65536;
// of all rows of one point's multivector, and of a query
inline constexpr uint32_t kMaxMultivectorComponents = 1u << 20;
inline constexpr uint32_t kMaxNamedVectors = 64;  // presence is one u64 a row
inline constexpr uint32_t kMaxStringIdBytes = 256;
inline constexpr uint32_t kMaxNameBytes = 255;  // collection, alias
inline constexpr uint32_t kMaxVectorNameBytes = 200;
inline constexpr uint32_t kMaxFieldPathBytes = 512;
inline constexpr uint32_t kMaxPathItems = 64;  // keys and brackets of one JSON path
inline constexpr uint64_t kMaxPayloadIndexBytes =
    4 * kGiB;  // one field's index file of one segment
// payloads looked at between two looks at the deadline
inline constexpr uint32_t kFilterPollRows = 1024;
// conditions x min_count solved with indexes; beyond, by payload
inline constexpr uint32_t kMaxMinShouldSteps = 1024;
inline constexpr uint64_t kMaxPayloadBytes = 4 * kMiB;  // of one point
inline constexpr uint32_t kMaxJsonDepth = 128;
inline constexpr uint32_t kMaxFilterConditions = 4096;  // whole tree
inline constexpr uint32_t kMaxFilterDepth = 32;
inline constexpr uint32_t kMaxMatchAny = 65536;
inline constexpr uint32_t kMaxBatchPoints = 65536;
inline constexpr uint32_t kMaxBatchOperations = 1024;
inline constexpr uint32_t kMaxBatchQueries = 1024;
// limit, offset: a larger one is read as this, and k is at most the points there are
inline constexpr uint32_t kMaxLimit = 1u << 30;
inline constexpr uint32_t kFewHits = 65536;  // their memory is not asked for first
// memory that a hit takes on its way, without its payload and vectors
inline constexpr uint64_t kHitBytes = 256;
// names, brackets and score of a point in an answer
inline constexpr uint64_t kRecordTextBytes = 40;
// fields that filters asked for without an index, remembered by one shard
inline constexpr uint32_t kMaxWantedIndexes = 64;
inline constexpr uint32_t kMaxEf = 65536;
// of the points of one answer: there a scroll's page ends, other reads are 413
inline constexpr uint64_t kMaxReplyBytes = 64 * kMiB;
inline constexpr uint32_t kMaxShards = 256;  // of one collection
inline constexpr uint32_t kMaxCollections = 100000;
inline constexpr uint32_t kMaxPayloadIndexes = 256;       // of one collection
inline constexpr uint64_t kMaxMetadataBytes = 64 * kKiB;  // a collection's `metadata`
inline constexpr uint32_t kDefaultTimeoutSeconds = 60;

// Base.
inline constexpr uint64_t kMaxLogLineBytes = 16 * kKiB;  // fields beyond are left out
inline constexpr uint32_t kExecutorSpinNs = 10'000;      // before an idle thread sleeps
inline constexpr uint32_t kStrandBatchTasks = 64;        // then other strands get their turn

// Plugins.
inline constexpr uint32_t kMaxPlugins = 256;  // files of one plugin directory

// HTTP front.
inline constexpr uint64_t kMaxHeaderBytes = 32 * kKiB;  // 431
// 413; import streams and is not bound by it
inline constexpr uint64_t kMaxBodyBytes = 32 * kMiB;
inline constexpr uint32_t kHeaderTimeoutMs = 10'000;
inline constexpr uint32_t kBodyTimeoutMs = 60'000;
inline constexpr uint32_t kIdleTimeoutMs = 75'000;
inline constexpr uint32_t kMaxConnections = 16384;
inline constexpr uint64_t kMaxWriteBacklogBytes = 64 * kMiB;  // of one connection
// waiting for a worker: beyond, 503 + Retry-After
inline constexpr uint32_t kMaxQueuedRequests = 1024;
inline constexpr uint64_t kMaxInflightBodyBytes = 1 * kGiB;  // over all connections
// replies that sockets have not taken, all together
inline constexpr uint64_t kMaxUnsentBytes = 256 * kMiB;
inline constexpr uint64_t kUnsentFreeBytes = 64 * kKiB;  // of one reply, not counted among them
inline constexpr uint32_t kMaxHeaderFields = 100;        // 431
// a chunk's size and extension; the trailers
inline constexpr uint64_t kMaxChunkLineBytes = 8 * kKiB;
// read ahead while a request is answered
inline constexpr uint64_t kMaxPipelinedBytes = 64 * kKiB;
// of one pipelining client, then the others
inline constexpr uint32_t kMaxRequestsPerTurn = 64;
// in which a reader takes at least the next
inline constexpr uint32_t kWriteTimeoutMs = 30'000;
inline constexpr uint64_t kMinWriteProgressBytes = 16 * kKiB;
// a streamed reply is pulled when less waits for the client
inline constexpr uint64_t kStreamLowWaterBytes = 256 * kKiB;
// after the last answer, so that the client reads it
inline constexpr uint32_t kLingerMs = 2'000;
inline constexpr uint32_t kStoppingLingerMs = 200;       // the same while the server stops
inline constexpr uint64_t kMaxLingerBytes = 256 * kMiB;  // thrown away meanwhile
inline constexpr uint32_t kMaxAcceptsPerTurn = 64;
// after the process ran out of file descriptors
inline constexpr uint32_t kAcceptRetryMs = 100;
inline constexpr uint64_t kMinGzipBytes = 1 * kKiB;  // smaller replies are not packed
inline constexpr uint32_t kMaxRequestIdBytes = 128;
// of a streamed request body, handed over at once
inline constexpr uint64_t kMaxStreamChunkBytes = 256 * kKiB;

// Shards and segments (decisions.md).
inline constexpr uint32_t kSegmentMaxRows = 1u << 20;
inline constexpr uint64_t kSegmentMaxBytes = 4 * kGiB;
inline constexpr uint32_t kGraphMinRows = 10'000;  // below: scanned, and green
inline constexpr uint64_t kFirstExtentBytes = 64 * kKiB;
inline constexpr uint64_t kMaxExtentBytes = 64 * kMiB;
// an extent takes at most this part of the free space
inline constexpr uint64_t kExtentFreeDivisor = 32;
inline constexpr uint32_t kApplyBatchEntries = 256;      // entries applied in one KV transaction
inline constexpr uint64_t kApplyBatchBytes = 16 * kMiB;  // of commands in it
inline constexpr uint64_t kCheckpointLogBytes = 512 * kMiB;  // of one shard
// the log is measured each time this part of its bound was written
inline constexpr uint64_t kLogLooksPerBound = 64;
// older ones are emptied by copying what little lives in them
inline constexpr uint64_t kMaxKeptLogSegments = 8;
inline constexpr uint32_t kTailScanMs = 20;  // unindexed tail: beyond, slower, then 429
// unindexed tail that counts as none: scanned in microseconds
inline constexpr uint32_t kGreenTailRows = 1'024;
// operations by filter become commands of this many ids
inline constexpr uint32_t kResolveChunkPoints = 1024;
inline constexpr uint64_t kMaxCommandBytes = 64 * kMiB;
inline constexpr uint64_t kMaxUncommittedBytes = 256 * kMiB;  // of one group
// waiting for the consensus loop: beyond, busy
inline constexpr uint32_t kMaxConsensusEvents = 65536;
// proposals that share a step and a log write
inline constexpr uint32_t kProposeBatchEntries = 256;
inline constexpr uint64_t kProposeBatchBytes = 8 * kMiB;
// of one group's entries handed to the state machine at once
inline constexpr uint64_t kHandOverBytes = 16 * kMiB;
// of one group's newest entries, kept until they are applied
inline constexpr uint64_t kApplyCacheBytes = 16 * kMiB;
// of one group, waiting for confirmation
inline constexpr uint32_t kMaxPendingReads = 65536;
// waiting for the thread that reads the log
inline constexpr uint32_t kMaxLogReads = 131072;
// between two offers of what the log could not take
inline constexpr uint32_t kLogRetryMs = 5;
inline constexpr uint64_t kConsensusMessageBytes = 1 * kMiB;  // of one message to a peer
inline constexpr uint64_t kConsensusInflightMessages = 64;
// of payloads in one engine, for peers that lag a little
inline constexpr uint64_t kConsensusCacheBytes = 1 * kMiB;
// of multivectors: rows that each row of a query finds, unless it says so
inline constexpr uint32_t kMultiBreadth = 256;
// points compared exactly for each that is asked for,
inline constexpr uint32_t kMultiCandidatesPerHit = 4;
inline constexpr uint32_t kMultiCandidatesMin = 64;  // so many at least,
// and more while they may be closer, up to so many rows
inline constexpr uint64_t kMultiCandidateRows = 16384;
// that pass a filter: no graph is walked for fewer
inline constexpr uint32_t kMultiScanRows = 16384;
inline constexpr uint32_t kMultiBatchQueryRows = 64;  // searched in one call of the engine,
// fewer where they ask for more hits together
inline constexpr uint32_t kMultiBatchHits = 1u << 18;
inline constexpr uint32_t kMaxMappings = 65536;  // of files, at once
inline constexpr uint32_t kMaxOpenKvHandles = 256;
// log entries in which a command of level 1 that is sent again is known
inline constexpr uint64_t kDedupWindowEntries = 65'536;
// of log time, in which a request that is sent again is known,
inline constexpr uint64_t kRequestMemoryMs = 5 * 60 * 1000;
inline constexpr uint32_t kMaxRequests = 262'144;  // so many commands of them in a shard,
// and in all shards of a node (about 110 bytes each): beyond, each shard keeps
inline constexpr uint64_t kMaxNodeRequests = 1'048'576;
inline constexpr uint32_t kMinRequests = 1'024;  // its share, but at least so many
// of a column's appends, before they are written
inline constexpr uint64_t kColumnBufferBytes = 1 * kMiB;
// of a slice, inserted by one thread at a time
inline constexpr uint32_t kInsertBlockSlots = 64;
// put into a graph at once; then other work gets its turn
inline constexpr uint32_t kIndexSliceRows = 2048;
// a graph of fewer is not built anew; later once for each doubling
inline constexpr uint32_t kRenewalMinRows = 1024;
// of a sentence that an index engine says of itself
inline constexpr uint32_t kMaxEngineTextBytes = 512;
inline constexpr uint32_t kMaxIndexStates = 1024;  // of one shard, shown one by one
// changed points since the watermark: about 2 s of replay
inline constexpr uint32_t kCheckpointReplayPoints = 100'000;
inline constexpr uint32_t kMaxSegments = 4096;  // of one shard
inline constexpr uint64_t kMaxSegmentManifestBytes = 1 * kMiB;
inline constexpr uint32_t kScrollChunkKeys = 1024;   // keys of one KV scan
inline constexpr uint32_t kMaxVerifyProblems = 256;  // of one shard, told one by one
// a read starts again with a newer view this often
inline constexpr uint32_t kMaxFreshViews = 4;
inline constexpr uint64_t kHeapFreeBytes = 16 * kMiB;  // that malloc may keep without use
inline constexpr int kHeapTopBytes = 2 * kMiB;         // kept at the end of an arena
inline constexpr int kHeapBlockBytes = 4 * kMiB;       // larger blocks are mappings of their own
inline constexpr uint64_t kHeapLookMs = 5000;          // between two looks at it
// of a core that measuring recall takes at most, over a minute (contract.cpu_share),
inline constexpr double kRecallCpuShare = 0.05;
inline constexpr uint64_t kRecallBudgetNs = 60'000'000'000;  // so long may be saved up
// and this part of it once it is known whether the contract is kept
inline constexpr uint64_t kRecallKnownDivisor = 5;
inline constexpr uint64_t kRecallTurnNs = 10'000'000;  // then other work gets its turn
// between two looks whether there is something to measure
inline constexpr uint64_t kRecallLookMs = 1'000;
inline constexpr uint64_t kRecallRetryMs = 60'000;  // after measuring failed
// searches answered by one pass over the columns
inline constexpr uint64_t kRecallBatch = 64;
inline constexpr uint64_t kRecallPassBytes = 2 * kMiB;  // of rows that a pass compares at once
// of rows that all searches of a pass are compared with while they are in the cache
inline constexpr uint64_t kRecallBlockBytes = 64 * kKiB;
inline constexpr uint64_t kRecallTrialQueries = 1024;    // that a breadth is chosen by
inline constexpr uint64_t kRecallQueries = 2048;         // real searches that are kept,
inline constexpr uint64_t kRecallQueryBytes = 8 * kMiB;  // in so many bytes,
inline constexpr uint64_t kRecallFreshQueries = 256;     // of which so many wait to be measured
// of rows that passed the filters of searches that are measured at once
inline constexpr uint64_t kRecallFilterBytes = 32 * kMiB;
// of moved points that are measured for one breadth
inline constexpr uint64_t kRecallMovedSamples = 8192;
// from so many on, older samples count half
inline constexpr uint64_t kRecallWindowSamples = 4096;
// when this part of the rows has come or gone, samples begin anew
inline constexpr uint64_t kRecallEpochShare = 8;
inline constexpr uint32_t kRecallSampleHits = 256;        // longer answers are not measured
inline constexpr uint32_t kRecallActions = 32;            // that are remembered
inline constexpr uint64_t kDiskReserveBytes = 64 * kMiB;  // free space below which writes get 507

}  // namespace rhumb::base::limits
