package dev.registrybackup.access;

import dev.registrybackup.transfer.Lanes;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;

/**
 * Has the judge asked, about few callers at a time and about each once. Others wait, known ones first; whoever waits too
 * long, or finds too many waiting, is told that it is not known. Safe for use by many threads.
 */
final class Reviews {
    /** Against an API that many need: a caller takes two requests, each of some milliseconds. */
    static final int AT_ONCE = 4;

    static final int MOST_WAITING = 256;

    private static final Verdict TOO_MANY =
            Verdict.unknown("too many callers are being looked up at this moment: ask again");
    private static final Verdict TOO_LONG = Verdict.unknown("it took too long to find out who calls: ask again");

    /** One caller who is looked up; the answer may be given up before the judge has spoken. */
    private record Review(TokenUse use, String token, String verb, CompletableFuture<Verdict> answer) {}

    private final Judge judge;
    private final Lanes lanes;
    private final Duration patience;
    private final BiConsumer<TokenUse, Verdict> heard;
    private final Map<TokenUse, Review> open = new HashMap<>();
    private final Deque<Review> waiting = new ArrayDeque<>();
    private int underWay;

    /**
     * Asks that judge.
     *
     * @param patience so long somebody may wait for an answer
     * @param heard told each answer of the judge's, also one that nobody waits for any more
     */
    Reviews(Judge judge, Lanes lanes, Duration patience, BiConsumer<TokenUse, Verdict> heard) {
        this.judge = judge;
        this.lanes = lanes;
        this.patience = patience;
        this.heard = heard;
    }

    /** The judge's answer; never failed. */
    CompletableFuture<Verdict> about(TokenUse use, String token, String verb, boolean isKnown) {
        Review review = new Review(use, token, verb, new CompletableFuture<>());
        synchronized (this) {
            Review same = open.get(use);
            if (same != null) {
                return same.answer();
            }
            if (waiting.size() >= MOST_WAITING && !isKnown) {
                return CompletableFuture.completedFuture(TOO_MANY);
            }
            open.put(use, review);
            if (isKnown) {
                waiting.addFirst(review);
            } else {
                waiting.addLast(review);
            }
        }
        lanes.after(patience, () -> settle(review, TOO_LONG));
        begin();
        return review.answer();
    }

    private void begin() {
        next().ifPresent(review -> lanes.operation(() -> hear(review)));
    }

    private synchronized Optional<Review> next() {
        if (underWay >= AT_ONCE || waiting.isEmpty()) {
            return Optional.empty();
        }
        underWay++;
        return Optional.of(waiting.removeFirst());
    }

    private void hear(Review review) {
        try {
            Verdict verdict = judge.judge(review.token(), review.verb());
            heard.accept(review.use(), verdict);
            settle(review, verdict);
        } catch (RuntimeException e) {
            settle(review, Verdict.unknown("it could not be found out who calls: " + e.getMessage()));
        } finally {
            synchronized (this) {
                underWay--;
            }
            begin();
        }
    }

    private void settle(Review review, Verdict verdict) {
        synchronized (this) {
            open.remove(review.use(), review);
            waiting.remove(review);
        }
        review.answer().complete(verdict);
    }
}
