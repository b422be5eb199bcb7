package dev.registrybackup.access;

import dev.registrybackup.access.Verdict.Answer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What was said of callers a moment ago. Those who may are kept apart, so that no flood of others drives them out. Safe for
 * use by many threads.
 */
final class Remembered {
    static final Duration ALLOWED = Duration.ofSeconds(60);
    static final Duration REFUSED = Duration.ofSeconds(10);
    /** Of either. */
    static final int MOST = 1_000;

    private record Said(Verdict verdict, Instant until) {}

    private final Clock clock;
    private final Map<TokenUse, Said> allowed = bounded();
    private final Map<TokenUse, Said> refused = bounded();

    Remembered(Clock clock) {
        this.clock = clock;
    }

    /** The one that was used longest ago goes. */
    private static <V> Map<TokenUse, V> bounded() {
        return new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<TokenUse, V> eldest) {
                return size() > MOST;
            }
        };
    }

    /** Keeps it for its time; what could not be found out is not kept. */
    synchronized void keep(TokenUse use, Verdict verdict) {
        if (verdict.answer() == Answer.UNKNOWN) {
            return;
        }
        allowed.remove(use);
        refused.remove(use);
        Duration lasts = verdict.isAllowed() ? ALLOWED : REFUSED;
        (verdict.isAllowed() ? allowed : refused)
                .put(use, new Said(verdict, clock.instant().plus(lasts)));
    }

    /** What was said, as long as it counts. */
    synchronized Optional<Verdict> of(TokenUse use) {
        return Optional.ofNullable(allowed.containsKey(use) ? allowed.get(use) : refused.get(use))
                .filter(said -> clock.instant().isBefore(said.until()))
                .map(Said::verdict);
    }

    /** Whether the last word on it, however long ago, was that he may. That lets nobody in, but to the head of the queue. */
    synchronized boolean knew(TokenUse use) {
        return allowed.containsKey(use);
    }
}
