package dev.registrybackup.operation;

import dev.registrybackup.concurrent.WorkerPools;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.IntStream;

/** The indexes of a divided operation, each on a thread of its own, as pods of an Indexed Job run. */
public final class SideBySide {
    private SideBySide() {}

    /** Runs all indexes, and returns their results in order once all have ended. */
    public static <T> List<T> run(int completions, Function<CompletionIndex, T> index) {
        try (WorkerPools threads = new WorkerPools(1, 1)) {
            List<CompletableFuture<T>> running = IntStream.range(0, completions)
                    .mapToObj(number -> {
                        CompletableFuture<T> ended = new CompletableFuture<>();
                        threads.submitOperation(() -> {
                            try {
                                ended.complete(index.apply(new CompletionIndex(number, completions)));
                            } catch (RuntimeException | AssertionError e) {
                                ended.completeExceptionally(e);
                            }
                        });
                        return ended;
                    })
                    .toList();
            return running.stream().map(CompletableFuture::join).toList();
        }
    }
}
