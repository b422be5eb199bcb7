package dev.registrybackup.replication;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Records all calls. */
final class RecordingListener implements ReplicationListener {
    record Finished(Trigger trigger, String key, ReplicationStatus status, Instant writtenAt) {}

    record Failed(Trigger trigger, String key) {}

    final List<Finished> finished = new CopyOnWriteArrayList<>();
    final List<Failed> failed = new CopyOnWriteArrayList<>();
    final List<String> undecodable = new CopyOnWriteArrayList<>();
    final List<String> rejected = new CopyOnWriteArrayList<>();
    final List<String> otherBuckets = new CopyOnWriteArrayList<>();

    @Override
    public void finished(
            Trigger trigger, String key, ReplicationResult replicationResult, Instant written, Duration took) {
        finished.add(new Finished(trigger, key, replicationResult.status(), written));
    }

    @Override
    public void failed(Trigger trigger, String key, Throwable failure) {
        failed.add(new Failed(trigger, key));
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
