package dev.registrybackup.function;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.operation.NoSuchOperationException;
import dev.registrybackup.page.Answers;
import dev.registrybackup.restore.UnknownScopeException;
import java.util.Optional;

/** The on-demand functions, as the page asks them. */
record PageAnswers(OnDemand onDemand) implements Answers {
    @Override
    public ObjectNode operations(int most) {
        return onDemand.operations(most);
    }

    @Override
    public Optional<ObjectNode> operation(String id) {
        try {
            return Optional.of(onDemand.operation(Optional.of(id)));
        } catch (NoSuchOperationException e) {
            return Optional.empty();
        }
    }

    @Override
    public ObjectNode repositories(Optional<String> after, int most) {
        return onDemand.catalog(Optional.empty(), after, Optional.of(Integer.toString(most)));
    }

    @Override
    public Optional<ObjectNode> repository(String name) {
        try {
            return Optional.of(onDemand.catalog(Optional.of(name), Optional.empty(), Optional.empty()));
        } catch (UnknownScopeException e) {
            return Optional.empty();
        }
    }
}
