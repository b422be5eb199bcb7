package dev.registrybackup.objectstore.directory;

import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.MultipartUpload;

/** Parts that are one file from the first on, moved to its place when complete. One thread at a time. */
final class DirectoryMultipartUpload implements MultipartUpload {
    private final DirectoryFailures failures;
    private final String key;
    private final FilePath filePath;
    private final TemporaryFile file;

    DirectoryMultipartUpload(DirectoryFailures failures, String key, FilePath filePath, TemporaryFile file) {
        this.failures = failures;
        this.key = key;
        this.filePath = filePath;
        this.file = file;
    }

    @Override
    public void part(ContentSource content) {
        failures.attemptWrite("write a part of", key, () -> file.append(content));
    }

    @Override
    public void complete() {
        failures.attemptWrite("complete", key, () -> file.moveTo(filePath));
    }

    @Override
    public void close() {
        file.close();
    }
}
