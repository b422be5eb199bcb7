package dev.registrybackup.store.directory;

import dev.registrybackup.store.MultipartUpload;
import dev.registrybackup.store.ReplayableContent;

/** Parts that are one file from the first on, moved to its place when complete. One thread at a time. */
final class DirectoryMultipartUpload implements MultipartUpload {
    private final DirectoryFailures failures;
    private final String key;
    private final Place place;
    private final TemporaryFile file;

    DirectoryMultipartUpload(DirectoryFailures failures, String key, Place place, TemporaryFile file) {
        this.failures = failures;
        this.key = key;
        this.place = place;
        this.file = file;
    }

    @Override
    public void part(ReplayableContent content) {
        failures.attemptWrite("write a part of", key, () -> file.append(content));
    }

    @Override
    public void complete() {
        failures.attemptWrite("complete", key, () -> file.moveTo(place));
    }

    @Override
    public void close() {
        file.close();
    }
}
