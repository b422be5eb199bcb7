package dev.registrybackup.lab;

import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;

/** Records requests in the order of their arrival. */
final class Recorder {

    private final AtomicLong sequence = new AtomicLong();
    // Written by the proxy's event loop, read and emptied by test threads.
    private final ConcurrentSkipListMap<Long, RecordedRequest> requests = new ConcurrentSkipListMap<>();

    long arrived(S3Request request) {
        long arrived = sequence.incrementAndGet();
        requests.put(arrived, new RecordedRequest(arrived, 0, request, 0, 0));
        return arrived;
    }

    /** Nothing happens when the record was emptied in between. */
    void answered(long arrived, int status, long bodyLength) {
        long answered = sequence.incrementAndGet();
        requests.computeIfPresent(
                arrived,
                (same, earlier) -> new RecordedRequest(arrived, answered, earlier.request(), status, bodyLength));
    }

    List<RecordedRequest> requests() {
        return List.copyOf(requests.values());
    }

    void reset() {
        requests.clear();
    }
}
