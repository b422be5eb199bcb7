package dev.registrybackup.app;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.app.ui.UiBackend;
import dev.registrybackup.operation.NoSuchOperationException;
import dev.registrybackup.restore.UnknownScopeException;
import java.util.Optional;

/** Serves the page from the on-demand operations. */
record OperationsUiBackend(OnDemandOperations onDemandOperations) implements UiBackend {
    @Override
    public ObjectNode operations(int most) {
        return onDemandOperations.operations(most);
    }

    @Override
    public Optional<ObjectNode> operation(String id) {
        try {
            return Optional.of(onDemandOperations.operation(id));
        } catch (NoSuchOperationException e) {
            return Optional.empty();
        }
    }

    @Override
    public ObjectNode repositories(Optional<String> after, int most) {
        return onDemandOperations.catalog(Optional.empty(), after, Optional.of(Integer.toString(most)));
    }

    @Override
    public Optional<ObjectNode> repository(String name) {
        try {
            return Optional.of(onDemandOperations.catalog(Optional.of(name), Optional.empty(), Optional.empty()));
        } catch (UnknownScopeException e) {
            return Optional.empty();
        }
    }
}
