package dev.registrybackup.objectstore.directory;

import dev.registrybackup.objectstore.ContentSource;
import dev.registrybackup.objectstore.MultipartUpload;

/** Parts that are one file from the first on, moved to its place when complete. One thread at a time. */
final class DirectoryMultipartUpload implements MultipartUpload {
    private final DirectoryErrors errors;
    private final String key;
    private final FilePath filePath;
    private final TemporaryFile temporaryFile;

    DirectoryMultipartUpload(DirectoryErrors failures, String key, FilePath filePath, TemporaryFile file) {
        this.errors = failures;
        this.key = key;
        this.filePath = filePath;
        this.temporaryFile = file;
    }

    @Override
    public void uploadPart(ContentSource content) {
        errors.callWrite("write a part of", key, () -> temporaryFile.append(content));
    }

    @Override
    public void complete() {
        errors.callWrite("complete", key, () -> temporaryFile.moveTo(filePath));
    }

    @Override
    public void close() {
        temporaryFile.close();
    }
}
