package dev.registrybackup.function;

import dev.registrybackup.intake.DeadLetters;
import dev.registrybackup.intake.Intake;
import dev.registrybackup.intake.OnRecord;
import java.util.Optional;
import java.util.function.IntSupplier;

/**
 * The wired program, as its edge needs it.
 *
 * @param replicating takes events in the replicate role; empty in the other
 * @param recording takes events in the dead-letter role; empty in the other
 * @param capturing takes events about ImageStreams in the capture role; empty in the others
 * @param scheduled whether events start operations
 * @param onRecord puts on record what will never succeed
 * @param owed how many keys this instance holds as owed
 */
record Service(
        Optional<Intake> replicating,
        Optional<DeadLetters> recording,
        Optional<StreamHints> capturing,
        boolean scheduled,
        OnRecord onRecord,
        IntSupplier owed) {
    boolean takesEvents() {
        return replicating.isPresent() || recording.isPresent() || capturing.isPresent() || scheduled;
    }

    Intake intake() {
        return replicating.orElseThrow(() -> new IllegalStateException("This process has not the replicate role"));
    }

    DeadLetters deadLetters() {
        return recording.orElseThrow(() -> new IllegalStateException("This process has not the dead-letter role"));
    }

    StreamHints hints() {
        return capturing.orElseThrow(() -> new IllegalStateException("This process has not the capture role"));
    }

    int inFlight() {
        return replicating.map(Intake::inFlight).orElse(0);
    }
}
