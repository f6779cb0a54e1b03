// Every limit of the host has its name here: queues, buffers, loops and what a request may ask for.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rhumb::base::limits {

inline constexpr uint64_t kKiB = 1024, kMiB = 1024 * kKiB, kGiB = 1024 * kMiB;

// What a client may send. A request beyond one of these limits gets a 4xx that names the field, the
// value and the limit.
inline constexpr uint32_t kMaxDim = 65536;
// The components of all rows of one point's multivector, and of a query's.
inline constexpr uint32_t kMaxMultivectorComponents = 1u << 20;
// A segment records which vectors a row has in one u64 per row.
inline constexpr uint32_t kMaxNamedVectors = 64;
inline constexpr uint32_t kMaxStringIdBytes = 256;
inline constexpr uint32_t kMaxNameBytes = 255;  // of a collection or an alias
inline constexpr uint32_t kMaxVectorNameBytes = 200;
inline constexpr uint32_t kMaxFieldPathBytes = 512;
inline constexpr uint32_t kMaxPathItems = 64;  // keys and brackets of one JSON path
// The index file of one field in one segment.
inline constexpr uint64_t kMaxPayloadIndexBytes = 4 * kGiB;
// Payloads that a filter tests between two checks of the deadline.
inline constexpr uint32_t kFilterPollRows = 1024;
// Conditions times min_count that are solved with indexes. Beyond this, payloads are tested.
inline constexpr uint32_t kMaxMinShouldSteps = 1024;
inline constexpr uint64_t kMaxPayloadBytes = 4 * kMiB;  // per point
inline constexpr uint32_t kMaxJsonDepth = 128;
inline constexpr uint32_t kMaxFilterConditions = 4096;  // in the whole tree
inline constexpr uint32_t kMaxFilterDepth = 32;
inline constexpr uint32_t kMaxMatchAny = 65536;
inline constexpr uint32_t kMaxBatchPoints = 65536;
inline constexpr uint32_t kMaxBatchOperations = 1024;
inline constexpr uint32_t kMaxBatchQueries = 1024;
// Largest limit and offset of a request. A larger value is read as this one, and k never exceeds
// the number of points.
inline constexpr uint32_t kMaxLimit = 1u << 30;
// A request for at most this many hits does not ask the memory guard for room first.
inline constexpr uint32_t kFewHits = 65536;
// Memory that a hit takes while it is collected, without its payload and vectors.
inline constexpr uint64_t kHitBytes = 256;
// Names, brackets and score of a point in an answer.
inline constexpr uint64_t kRecordTextBytes = 40;
// Fields that filters used without an index. Each shard remembers at most this many.
inline constexpr uint32_t kMaxWantedIndexes = 64;
inline constexpr uint32_t kMaxEf = 65536;
// The points of one answer. A page of a scroll ends here; other reads get a 413.
inline constexpr uint64_t kMaxReplyBytes = 64 * kMiB;
inline constexpr uint32_t kMaxShards = 256;  // per collection
inline constexpr uint32_t kMaxCollections = 100000;
inline constexpr uint32_t kMaxPayloadIndexes = 256;       // per collection
inline constexpr uint64_t kMaxMetadataBytes = 64 * kKiB;  // a collection's `metadata`
inline constexpr uint32_t kDefaultTimeoutSeconds = 60;

// Base.

// Fields that would make a line longer are left out.
inline constexpr uint64_t kMaxLogLineBytes = 16 * kKiB;
// An idle thread spins this long before it sleeps.
inline constexpr uint32_t kExecutorSpinNs = 10'000;
// A strand runs this many tasks before other strands get their turn.
inline constexpr uint32_t kStrandBatchTasks = 64;

// Traces. Text of one attribute of a span.
inline constexpr uint32_t kMaxSpanTextBytes = 1024;
// Spans that wait to be exported. Further ones are dropped and counted.
inline constexpr uint32_t kMaxQueuedSpans = 8192;
// Spans are sent when there are this many, or when kTraceBatchMs have passed.
inline constexpr uint32_t kTraceBatchSpans = 512;
inline constexpr uint32_t kTraceBatchMs = 500;
// Time for each step of a request to the collector: to connect, to send, to receive.
inline constexpr uint32_t kTraceStepMs = 5'000;
// The part of a collector's answer that is read.
inline constexpr uint64_t kMaxTraceAnswerBytes = 64 * kKiB;
// A batch that the collector did not take so often is dropped. The pause between two attempts
// grows from kTraceRetryMs to kTraceMaxRetryMs.
inline constexpr uint32_t kTraceAttempts = 5;
inline constexpr uint32_t kTraceRetryMs = 500;
inline constexpr uint32_t kTraceMaxRetryMs = 30'000;
// At a stop, spans that are not sent within this time are dropped.
inline constexpr uint32_t kTraceStopMs = 2'000;

// Plugins.
inline constexpr uint32_t kMaxPlugins = 256;  // files in one plugin directory

// Sockets (host/net).
inline constexpr uint32_t kMaxConnections = 16384;
// Bytes of all replies together that the sockets have not taken yet.
inline constexpr uint64_t kMaxUnsentBytes = 256 * kMiB;
// A reply that leaves at most this many bytes unsent does not count towards kMaxUnsentBytes.
inline constexpr uint64_t kUnsentFreeBytes = 64 * kKiB;
// Within kWriteTimeoutMs a client must read at least kMinWriteProgressBytes of its reply.
inline constexpr uint32_t kWriteTimeoutMs = 30'000;
inline constexpr uint64_t kMinWriteProgressBytes = 16 * kKiB;
// A connection stays open this long after its last answer, so that the client can read it.
inline constexpr uint32_t kLingerMs = 2'000;
// kStoppingLingerMs replaces kLingerMs while the server stops.
inline constexpr uint32_t kStoppingLingerMs = 200;
// Input that is read and thrown away while a connection lingers.
inline constexpr uint64_t kMaxLingerBytes = 256 * kMiB;
inline constexpr uint32_t kMaxAcceptsPerTurn = 64;
// Pause before the next accept() after the process ran out of file descriptors.
inline constexpr uint32_t kAcceptRetryMs = 100;

// HTTP front (host/http).
inline constexpr uint64_t kMaxHeaderBytes = 32 * kKiB;  // beyond this: 431
inline constexpr uint32_t kMaxHeaderFields = 100;       // beyond this: 431
// Beyond this: 413. The import route streams its body and is not bound by this limit.
inline constexpr uint64_t kMaxBodyBytes = 32 * kMiB;
inline constexpr uint64_t kMaxInflightBodyBytes = 1 * kGiB;  // over all connections
// The line with a chunk's size and extension, and all trailers of a request together.
inline constexpr uint64_t kMaxChunkLineBytes = 8 * kKiB;
inline constexpr uint32_t kHeaderTimeoutMs = 10'000;
inline constexpr uint32_t kBodyTimeoutMs = 60'000;
inline constexpr uint32_t kIdleTimeoutMs = 75'000;
// Requests that wait for a worker. Beyond this: 503 with Retry-After.
inline constexpr uint32_t kMaxQueuedRequests = 1024;
// Bytes that are read ahead while a request is being answered.
inline constexpr uint64_t kMaxPipelinedBytes = 64 * kKiB;
// Requests of one pipelining client that are answered before other connections get their turn.
inline constexpr uint32_t kMaxRequestsPerTurn = 64;
inline constexpr uint32_t kMaxRequestIdBytes = 128;
inline constexpr uint64_t kMinGzipBytes = 1 * kKiB;           // smaller replies are not compressed
inline constexpr uint64_t kMaxWriteBacklogBytes = 64 * kMiB;  // per connection
// The next part of a streamed reply is produced when fewer bytes than this wait for the client.
inline constexpr uint64_t kStreamLowWaterBytes = 256 * kKiB;
// The part of a streamed request body that is handed over at once.
inline constexpr uint64_t kMaxStreamChunkBytes = 256 * kKiB;
// Forms (multipart/form-data): the parts of one form, the header of one part, and a field that is
// no file.
inline constexpr uint32_t kMaxFormParts = 16;
inline constexpr uint64_t kMaxFormHeaderBytes = 8 * kKiB;
inline constexpr uint64_t kMaxFormFieldBytes = 64 * kKiB;
inline constexpr uint64_t kMaxFormEpilogueBytes = 64 * kKiB;

// Shards and segments.
inline constexpr uint32_t kSegmentMaxRows = 1u << 20;
inline constexpr uint64_t kSegmentMaxBytes = 4 * kGiB;
// A segment with fewer rows gets no graph: it is scanned, and the collection is green.
inline constexpr uint32_t kGraphMinRows = 10'000;
inline constexpr uint64_t kFirstExtentBytes = 64 * kKiB;
inline constexpr uint64_t kMaxExtentBytes = 64 * kMiB;
// A file grows by at most 1/kExtentFreeDivisor of the free space at once.
inline constexpr uint64_t kExtentFreeDivisor = 32;
inline constexpr uint32_t kApplyBatchEntries = 256;  // log entries applied in one KV transaction
inline constexpr uint64_t kApplyBatchBytes = 16 * kMiB;      // commands in one KV transaction
inline constexpr uint64_t kCheckpointLogBytes = 512 * kMiB;  // per shard
// The log is measured whenever 1/kLogLooksPerBound of its bound has been written.
inline constexpr uint64_t kLogLooksPerBound = 64;
// When more log files than this are kept, the oldest are emptied: the few live entries in them are
// copied to the newest file.
inline constexpr uint64_t kMaxKeptLogSegments = 8;
// When a scan of the tail (the rows that are not in the graph yet) takes longer than this, writes
// are slowed down and then refused with 429.
inline constexpr uint32_t kTailScanMs = 20;
// A tail with fewer rows counts as no tail, because it is scanned in microseconds.
inline constexpr uint32_t kGreenTailRows = 1'024;
// Operations that select points by filter become commands of at most this many ids.
inline constexpr uint32_t kResolveChunkPoints = 1024;
inline constexpr uint64_t kMaxCommandBytes = 64 * kMiB;
inline constexpr uint64_t kMaxUncommittedBytes = 256 * kMiB;  // per group
// Events that wait for the consensus loop. Beyond this, proposals are refused as busy.
inline constexpr uint32_t kMaxConsensusEvents = 65536;
// The proposals that share one step of consensus and one write to the log.
inline constexpr uint32_t kProposeBatchEntries = 256;
inline constexpr uint64_t kProposeBatchBytes = 8 * kMiB;
// Entries of one group that are handed to the state machine at once.
inline constexpr uint64_t kHandOverBytes = 16 * kMiB;
// The newest entries of one group, kept in memory until they are applied.
inline constexpr uint64_t kApplyCacheBytes = 16 * kMiB;
// Reads of one group that wait for confirmation.
inline constexpr uint32_t kMaxPendingReads = 65536;
// Reads that wait for the thread that reads the log.
inline constexpr uint32_t kMaxLogReads = 131072;
// Pause before entries that the log could not take are offered to it again.
inline constexpr uint32_t kLogRetryMs = 5;
inline constexpr uint64_t kConsensusMessageBytes = 1 * kMiB;  // one message to a peer
inline constexpr uint64_t kConsensusInflightMessages = 64;
// Entries that one engine keeps in memory for peers that lag a little.
inline constexpr uint64_t kConsensusCacheBytes = 1 * kMiB;
// Multivectors: the rows that each row of a query finds, unless the request sets ef.
inline constexpr uint32_t kMultiBreadth = 256;
// Multivectors: at least kMultiCandidatesPerHit points per requested hit, and at least
// kMultiCandidatesMin points, are compared exactly. More follow while they may still be closer, up
// to kMultiCandidateRows rows.
inline constexpr uint32_t kMultiCandidatesPerHit = 4;
inline constexpr uint32_t kMultiCandidatesMin = 64;
inline constexpr uint64_t kMultiCandidateRows = 16384;
// Multivectors: when at most this many rows pass the filter, they are scanned and no graph is
// walked.
inline constexpr uint32_t kMultiScanRows = 16384;
// Multivectors: query rows searched in one call of the engine. The call takes fewer rows when they
// would ask for more than kMultiBatchHits hits together.
inline constexpr uint32_t kMultiBatchQueryRows = 64;
inline constexpr uint32_t kMultiBatchHits = 1u << 18;
inline constexpr uint32_t kMaxMappings = 65536;  // mappings of files that exist at the same time
inline constexpr uint32_t kMaxOpenKvHandles = 256;
// A repeated command of feature level 1 is recognised within this many log entries.
inline constexpr uint64_t kDedupWindowEntries = 65'536;
// A repeated request is recognised within kRequestMemoryMs of log time, as long as its command is
// among the kMaxRequests newest of its shard. All shards of a node share kMaxNodeRequests (about
// 110 bytes each). Beyond that, each shard keeps its share, but at least kMinRequests.
inline constexpr uint64_t kRequestMemoryMs = 5 * 60 * 1000;
inline constexpr uint32_t kMaxRequests = 262'144;
inline constexpr uint64_t kMaxNodeRequests = 1'048'576;
inline constexpr uint32_t kMinRequests = 1'024;
// Bytes appended to a column before they are written to its file.
inline constexpr uint64_t kColumnBufferBytes = 1 * kMiB;
// The part of a slice of rows that one thread inserts into a graph at a time.
inline constexpr uint32_t kInsertBlockSlots = 64;
// Rows that are inserted into a graph in one go before other work gets its turn.
inline constexpr uint32_t kIndexSliceRows = 2048;
// A graph with fewer rows is not rebuilt. A larger one is rebuilt once for each doubling.
inline constexpr uint32_t kRenewalMinRows = 1024;
// A text that an index engine reports about itself.
inline constexpr uint32_t kMaxEngineTextBytes = 512;
// States of indexes that one shard lists one by one.
inline constexpr uint32_t kMaxIndexStates = 1024;
// Points changed since the watermark: a replay of about 2 s.
inline constexpr uint32_t kCheckpointReplayPoints = 100'000;
inline constexpr uint32_t kMaxSegments = 4096;  // per shard
inline constexpr uint64_t kMaxSegmentManifestBytes = 1 * kMiB;
inline constexpr uint32_t kScrollChunkKeys = 1024;   // keys read by one KV scan
inline constexpr uint32_t kMaxVerifyProblems = 256;  // problems that one shard lists one by one
// A read starts again with a newer view at most this often.
inline constexpr uint32_t kMaxFreshViews = 4;
inline constexpr uint64_t kHeapFreeBytes = 16 * kMiB;  // free memory that malloc may keep
// Free memory that malloc may keep at the end of an arena.
inline constexpr int kHeapTopBytes = 2 * kMiB;
// Larger blocks get mappings of their own.
inline constexpr int kHeapBlockBytes = 4 * kMiB;
inline constexpr uint64_t kHeapLookMs = 5000;  // between two checks of the heap
// The part of one core that measuring recall may take. Unused time adds up to at most
// kRecallBudgetNs.
inline constexpr double kRecallCpuShare = 0.05;
inline constexpr uint64_t kRecallBudgetNs = 60'000'000'000;
// A shard that knows whether its contract is kept gets only 1/kRecallKnownDivisor of that time.
inline constexpr uint64_t kRecallKnownDivisor = 5;
// Measuring runs this long before other work gets its turn.
inline constexpr uint64_t kRecallTurnNs = 10'000'000;
// Pause between two checks whether there is something to measure.
inline constexpr uint64_t kRecallLookMs = 1'000;
inline constexpr uint64_t kRecallRetryMs = 60'000;  // pause after a measurement failed
// Searches that one pass over the columns answers.
inline constexpr uint64_t kRecallBatch = 64;
inline constexpr uint64_t kRecallPassBytes = 2 * kMiB;  // rows that one pass compares at once
// The block of rows that all searches of a pass are compared with while it is in the CPU cache.
inline constexpr uint64_t kRecallBlockBytes = 64 * kKiB;
// Searches used to choose a factor for ef.
inline constexpr uint64_t kRecallTrialQueries = 1024;
// A shard keeps at most kRecallQueries real searches in at most kRecallQueryBytes bytes. At most
// kRecallFreshQueries of them wait to be measured.
inline constexpr uint64_t kRecallQueries = 2048;
inline constexpr uint64_t kRecallQueryBytes = 8 * kMiB;
inline constexpr uint64_t kRecallFreshQueries = 256;
// The sets of rows that passed the filters of the searches that are measured together.
inline constexpr uint64_t kRecallFilterBytes = 32 * kMiB;
// Moved points that are measured for one factor on ef.
inline constexpr uint64_t kRecallMovedSamples = 8192;
// When there are this many samples, the older ones count half.
inline constexpr uint64_t kRecallWindowSamples = 4096;
// When 1/kRecallEpochShare of the rows has been added or removed, the samples start afresh.
inline constexpr uint64_t kRecallEpochShare = 8;
inline constexpr uint32_t kRecallSampleHits = 256;  // longer answers are not measured
inline constexpr uint32_t kRecallActions = 32;      // actions of the contract that are remembered
// Archives of snapshots (host/archive).

// Pieces in which an archive is made and read. Memory for packing or unpacking is bounded by
// kMaxArchiveMemoryBytes, whatever the archive's size.
inline constexpr uint64_t kArchivePieceBytes = 256 * kKiB;
inline constexpr size_t kMaxUrlBytes = 2048;  // that a setting or a request names
inline constexpr uint64_t kMaxArchiveMemoryBytes = 32 * kMiB;
// The window that the reader of a compressed archive accepts, as a power of two: 8 MiB, which is
// what `zstd` asks for up to level 19. `zstd --long` asks for more.
inline constexpr int kMaxArchiveWindowLog = 23;
inline constexpr int kArchiveZstdLevel = 1;  // vectors hardly shrink at higher levels
inline constexpr uint32_t kMaxArchiveNameBytes = 1024;
inline constexpr uint32_t kMaxArchiveNamePartBytes = 255;
inline constexpr uint32_t kMaxArchiveNameParts = 16;
inline constexpr uint32_t kMaxArchiveFiles = 1u << 20;  // with the directories
inline constexpr uint64_t kMaxArchiveFileBytes = 1ull << 40;
inline constexpr uint64_t kMaxArchiveBytes = 1ull << 44;       // of all files, unpacked
inline constexpr uint64_t kMaxArchiveHeaderBytes = 16 * kKiB;  // one extended (pax) header
inline constexpr uint64_t kMaxArchivePaddingBytes = 1 * kMiB;  // zero bytes after the last file
// Files that one listing of a directory of snapshots shows.
inline constexpr uint32_t kMaxSnapshots = 10'000;

// Below this much free space writes get a 507.
inline constexpr uint64_t kDiskReserveBytes = 64 * kMiB;

}  // namespace rhumb::base::limits
