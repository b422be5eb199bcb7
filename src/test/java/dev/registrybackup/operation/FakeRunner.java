package dev.registrybackup.operation;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** A runner that runs nothing, and knows what a test tells it. */
final class FakeRunner implements OperationRunner {
    private final List<OperationRequest> started = new CopyOnWriteArrayList<>();
    private final List<OperationRequest> abandoned = new CopyOnWriteArrayList<>();
    private final List<OperationRequest> livenessRequests = new CopyOnWriteArrayList<>();
    private volatile Liveness liveness = Liveness.dead("its process is gone");
    private volatile @Nullable RuntimeException failure;

    void setLiveness(Liveness answer) {
        liveness = answer;
    }

    void failWith(RuntimeException with) {
        failure = with;
    }

    List<OperationRequest> started() {
        return List.copyOf(started);
    }

    List<OperationRequest> abandoned() {
        return List.copyOf(abandoned);
    }

    /** The operations whose liveness was asked for. */
    List<OperationRequest> livenessRequests() {
        return List.copyOf(livenessRequests);
    }

    @Override
    public void start(OperationRequest request) {
        RuntimeException set = failure;
        if (set != null) {
            throw set;
        }
        started.add(request);
    }

    @Override
    public void abandon(OperationRequest request) {
        abandoned.add(request);
    }

    @Override
    public Liveness liveness(OperationRequest request) {
        livenessRequests.add(request);
        return liveness;
    }
}
