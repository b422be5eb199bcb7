package dev.registrybackup.app.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.app.auth.AuthDecision.Answer;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.concurrent.WorkerPools;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which callers are allowed, how many reviews that takes, and that an undetermined caller is denied. */
class AuthorizerTest {
    private static final Duration LONG = Duration.ofMinutes(2);

    private final SettableClock clock = new SettableClock();
    private final WorkerPools workerPools = new WorkerPools(2, 1);
    private final FakeTokenAuthorizer tokenAuthorizer = new FakeTokenAuthorizer();
    private final Authorizer authorizer = Authorizer.of(tokenAuthorizer, workerPools, clock, LONG);

    /** Decides by a list, counts its calls, and can be blocked. */
    private static final class FakeTokenAuthorizer implements TokenAuthorizer {
        final Set<String> allowed = ConcurrentHashMap.newKeySet();
        final List<String> asked = new CopyOnWriteArrayList<>();
        final AtomicInteger atOnce = new AtomicInteger();
        final AtomicInteger mostAtOnce = new AtomicInteger();
        volatile Optional<Semaphore> held = Optional.empty();
        volatile boolean isDown;

        @Override
        public AuthDecision authorize(String token, String verb) {
            asked.add(token + " " + verb);
            mostAtOnce.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
            try {
                held.ifPresent(Semaphore::acquireUninterruptibly);
                if (isDown) {
                    throw new IllegalStateException("the API is gone");
                }
                return allowed.contains(token)
                        ? AuthDecision.allowed(token, "")
                        : AuthDecision.forbidden(token, "may not");
            } finally {
                atOnce.decrementAndGet();
            }
        }
    }

    @AfterEach
    void close() {
        tokenAuthorizer.held.ifPresent(semaphore -> semaphore.release(10_000));
        workerPools.close();
    }

    private Answer ask(String token) {
        return ask(authorizer, token);
    }

    private static Answer ask(Authorizer authorizer, String token) {
        return authorizer.authorize(Optional.of(token), "restore", false).join().answer();
    }

    private CompletableFuture<AuthDecision> begin(String token) {
        return authorizer.authorize(Optional.of(token), "restore", false);
    }

    @Test
    void anAllowedCallerIsReviewedOnceAMinute() {
        // Given
        tokenAuthorizer.allowed.add("good");
        ask("good");
        clock.advance(Duration.ofSeconds(59));
        ask("good");
        tokenAuthorizer.allowed.clear();

        // When
        Answer within = ask("good");
        clock.advance(Duration.ofSeconds(1));
        Answer after = ask("good");

        // Then
        assertEquals(Answer.ALLOWED, within);
        assertEquals(Answer.FORBIDDEN, after);
        assertEquals(List.of("good restore", "good restore"), tokenAuthorizer.asked);
    }

    @Test
    void aDeniedCallerIsReviewedAgainAfterTenSeconds() {
        // Given
        ask("late");
        clock.advance(Duration.ofSeconds(9));
        ask("late");
        tokenAuthorizer.allowed.add("late");

        // When
        Answer within = ask("late");
        clock.advance(Duration.ofSeconds(1));
        Answer after = ask("late");

        // Then
        assertEquals(Answer.FORBIDDEN, within);
        assertEquals(Answer.ALLOWED, after);
        assertEquals(2, tokenAuthorizer.asked.size());
    }

    @Test
    void eachVerbIsAnotherQuestion() {
        // Given
        tokenAuthorizer.allowed.add("good");

        // When
        authorizer.authorize(Optional.of("good"), "restore", false).join();
        authorizer.authorize(Optional.of("good"), "catalog", false).join();

        // Then
        assertEquals(List.of("good restore", "good catalog"), tokenAuthorizer.asked);
    }

    @Test
    void aJudgeThatFailsIsNoYesAndIsNotRemembered() {
        // Given
        tokenAuthorizer.allowed.add("good");
        tokenAuthorizer.isDown = true;

        // When
        AuthDecision down = begin("good").join();
        tokenAuthorizer.isDown = false;
        Answer again = ask("good");

        // Then
        assertEquals(Answer.UNKNOWN, down.answer());
        assertEquals("the caller cannot be determined: the API is gone", down.reason());
        assertEquals(Answer.ALLOWED, again);
    }

    @Test
    void anExpiredDecisionDoesNotCountWhileReviewsFail() {
        // Given
        tokenAuthorizer.allowed.add("good");
        ask("good");
        tokenAuthorizer.isDown = true;
        clock.advance(Duration.ofSeconds(60));

        // When
        Answer answer = ask("good");

        // Then
        assertEquals(Answer.UNKNOWN, answer);
    }

    @Test
    void aReviewThatEndsInAnErrorIsUnknownAndIsMadeAgain() {
        // Given
        AtomicInteger reviews = new AtomicInteger();
        Authorizer broken = Authorizer.of(
                (token, verb) -> {
                    reviews.incrementAndGet();
                    throw new StackOverflowError("as a test wants it");
                },
                workerPools,
                clock,
                LONG);

        // When
        for (int each = 0; each < 2 * DecisionCache.MAX_REVIEWS; each++) {
            assertEquals(Answer.UNKNOWN, ask(broken, "any"));
        }

        // Then
        assertEquals(2 * DecisionCache.MAX_REVIEWS, reviews.get());
    }

    @Test
    void manyCallsOfOneCallerAreOneReview() {
        // Given
        tokenAuthorizer.allowed.add("good");
        Semaphore hold = new Semaphore(0);
        tokenAuthorizer.held = Optional.of(hold);

        // When
        List<CompletableFuture<AuthDecision>> begun =
                IntStream.range(0, 100).mapToObj(each -> begin("good")).toList();
        hold.release();

        // Then
        begun.forEach(answer -> assertTrue(answer.join().isAllowed()));
        assertEquals(List.of("good restore"), tokenAuthorizer.asked);
    }

    @Test
    void overTheBoundNobodyIsReviewedButCachedCallersAreAllowed() {
        // Given
        tokenAuthorizer.allowed.add("good");
        ask("good");
        Semaphore hold = new Semaphore(0);
        tokenAuthorizer.held = Optional.of(hold);
        for (int each = 0; each < DecisionCache.MAX_REVIEWS; each++) {
            begin("wrong-" + each);
        }

        // When
        AuthDecision stranger = begin("one-more").join();
        Answer known = ask("good");

        // Then
        assertEquals(Answer.UNKNOWN, stranger.answer());
        assertEquals("too many callers are being reviewed: retry", stranger.reason());
        assertEquals(Answer.ALLOWED, known);
        hold.release(10_000);
        Awaitility.await().atMost(LONG).until(() -> ask("one-more") == Answer.FORBIDDEN);
        assertTrue(tokenAuthorizer.mostAtOnce.get() <= DecisionCache.MAX_REVIEWS);
    }

    @Test
    void aCallerThatWaitsTooLongGetsUnknownAndTheLateDecisionCountsForTheNextCall() {
        // Given
        tokenAuthorizer.allowed.add("slow");
        Semaphore hold = new Semaphore(0);
        tokenAuthorizer.held = Optional.of(hold);
        Authorizer impatient = Authorizer.of(tokenAuthorizer, workerPools, clock, Duration.ofMillis(20));

        // When
        AuthDecision authDecision =
                impatient.authorize(Optional.of("slow"), "restore", false).join();

        // Then
        assertEquals(Answer.UNKNOWN, authDecision.answer());
        assertEquals("the review took too long: retry", authDecision.reason());
        hold.release(10_000);
        Awaitility.await().atMost(LONG).until(() -> ask(impatient, "slow") == Answer.ALLOWED);
    }

    @Test
    void aFloodOfOthersDoesNotDriveOutWhoMay() {
        // Given
        tokenAuthorizer.allowed.add("good");
        ask("good");

        // When
        for (int each = 0; each < 2 * DecisionCache.MAX_ENTRIES; each++) {
            ask("wrong-" + each);
        }
        ask("good");

        // Then
        assertEquals(
                1,
                tokenAuthorizer.asked.stream()
                        .filter(line -> line.startsWith("good"))
                        .count());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "with space", "quote\"", "line\nline", "näh", "=", "a=b"})
    void invalidTokensAreNotReviewed(String token) {
        // When
        Answer answer = ask(token);

        // Then
        assertEquals(Answer.UNAUTHENTICATED, answer);
        assertEquals(List.of(), tokenAuthorizer.asked);
    }

    @ParameterizedTest
    @CsvSource({"8192, FORBIDDEN", "8193, UNAUTHENTICATED"})
    void aTokenHasItsGreatestLength(int length, Answer expected) {
        // When
        Answer answer = ask("a".repeat(length));

        // Then
        assertEquals(expected, answer);
        assertEquals(expected == Answer.FORBIDDEN, !tokenAuthorizer.asked.isEmpty());
    }

    @Test
    void withoutATokenNobodyIsAsked() {
        // When
        AuthDecision authDecision =
                authorizer.authorize(Optional.empty(), "restore", true).join();

        // Then
        assertEquals(Answer.UNAUTHENTICATED, authDecision.answer());
        assertEquals(List.of(), tokenAuthorizer.asked);
    }

    @Test
    void atTheEndNobodyIsLetIn() {
        // Given
        tokenAuthorizer.allowed.add("good");
        workerPools.close();

        // When
        Answer answer = ask("good");

        // Then
        assertEquals(Answer.UNKNOWN, answer);
    }

    @Test
    void aTokenIsWhatFollowsItsSchemeHoweverThatIsWritten() {
        // When
        Optional<String> token = Authorizer.bearerToken("bEaReR  abc ");

        // Then
        assertEquals(Optional.of("abc"), token);
        assertEquals(Optional.empty(), Authorizer.bearerToken("Basic abc"));
        assertEquals(Optional.empty(), Authorizer.bearerToken(null));
        assertFalse(new SharedSecret("very-secret-indeed").toString().contains("very"));
    }
}
