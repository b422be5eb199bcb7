package dev.registrybackup.function;

import dev.registrybackup.intake.Reply;
import dev.registrybackup.intake.Reply.Answer;
import dev.registrybackup.ledger.Rejections.Rejection;
import io.quarkus.vertx.http.runtime.CurrentVertxRequest;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Turns replies into what a function's caller gets: nothing (204), or a {@link Refusal} with its status. */
@ApplicationScoped
class EventAnswers {
    /** Knative retries 404, 408, 409, 429 and 5xx, and sends everything else to the dead letter sink at once. */
    static final int PERMANENT = 422;

    static final int NOT_TAKEN = 503;

    private final CurrentVertxRequest request;
    private final Arrivals arrivals;
    private final Service service;

    EventAnswers(CurrentVertxRequest request, Arrivals arrivals, Service service) {
        this.request = request;
        this.arrivals = arrivals;
        this.service = service;
    }

    /** For senders with a dead letter sink: what will never succeed is refused. */
    Uni<Void> answer(Function<Duration, CompletableFuture<Reply>> take) {
        Duration left = arrivals.left(request.getCurrent());
        return Uni.createFrom()
                .completionStage(() -> take.apply(left))
                .invoke(EventAnswers::refuse)
                .replaceWithVoid();
    }

    /** For the dead letter sink itself: what will never succeed is put on record. */
    Uni<Void> answerOnRecord(Function<Duration, CompletableFuture<Reply>> take) {
        Duration left = arrivals.left(request.getCurrent());
        return Uni.createFrom()
                .completionStage(() -> service.onRecord().isDone(take.apply(left), left))
                .invoke(EventAnswers::refuseUnless)
                .replaceWithVoid();
    }

    static void refuseUnless(boolean done) {
        if (!done) {
            throw new Refusal(
                    NOT_TAKEN,
                    "Neither copied nor recorded as owed: the backup store could not be written in time. Send it again");
        }
    }

    private static void refuse(Reply reply) {
        refuseUnless(reply.answer() != Answer.NOT_TAKEN);
        if (reply.answer() == Answer.PERMANENT) {
            String reasons = reply.rejections().stream().map(Rejection::reason).collect(Collectors.joining("; "));
            throw new Refusal(
                    PERMANENT,
                    "Will never succeed: "
                            + (reasons.isEmpty()
                                    ? "the link is withheld, since something below it is corrupt"
                                    : reasons));
        }
    }
}
