package dev.registrybackup.operation;

import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;

/**
 * Which of the processes that share one operation this is, as in a Kubernetes Indexed Job: each does the work on the
 * names that it {@link #includes}, and the last one to finish merges the results.
 *
 * @param number the completion index, from 0
 * @param completions how many there are
 */
public record CompletionIndex(int number, int completions) {
    /** The one process of an operation that is not divided. */
    public static final CompletionIndex ONLY = new CompletionIndex(0, 1);

    /** Throws {@link IllegalArgumentException} if the index is out of range. */
    public CompletionIndex {
        if (number < 0 || number >= completions) {
            throw new IllegalArgumentException(
                    "A completion index must be from 0 to %d, not %d".formatted(completions - 1, number));
        }
    }

    /** Whether the operation is not divided. */
    public boolean isOnly() {
        return completions == 1;
    }

    /** Whether the work on this name, such as a repository's or a digest, is this index's. It is one index's, always the same. */
    public boolean includes(String name) {
        if (isOnly()) {
            return true;
        }
        CRC32 hash = new CRC32();
        hash.update(name.getBytes(StandardCharsets.UTF_8));
        return hash.getValue() % completions == number;
    }
}
