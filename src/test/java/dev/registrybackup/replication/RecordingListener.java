package dev.registrybackup.replication;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Records all calls. */
final class RecordingListener implements ReplicationListener {
    record Completion(Trigger trigger, String key, ReplicationStatus status, Instant writtenAt) {}

    record Failure(Trigger trigger, String key) {}

    final List<Completion> finished = new CopyOnWriteArrayList<>();
    final List<Failure> failed = new CopyOnWriteArrayList<>();
    final List<String> undecodable = new CopyOnWriteArrayList<>();
    final List<String> rejected = new CopyOnWriteArrayList<>();
    final List<String> otherBuckets = new CopyOnWriteArrayList<>();

    @Override
    public void finished(
            Trigger trigger, String key, ReplicationResult replicationResult, Instant written, Duration took) {
        finished.add(new Completion(trigger, key, replicationResult.status(), written));
    }

    @Override
    public void failed(Trigger trigger, String key, Throwable failure) {
        failed.add(new Failure(trigger, key));
    }

    @Override
    public void undecodable(String reason) {
        undecodable.add(reason);
    }

    @Override
    public void rejected(String reason) {
        rejected.add(reason);
    }

    @Override
    public void otherBucket(String bucket) {
        otherBuckets.add(bucket);
    }
}
