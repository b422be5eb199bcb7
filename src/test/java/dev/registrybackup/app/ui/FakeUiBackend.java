package dev.registrybackup.app.ui;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.lab.TestJson;
import dev.registrybackup.operation.NoSuchOperationException;
import dev.registrybackup.operation.OperationId;
import dev.registrybackup.restore.UnknownScopeException;
import java.util.Optional;

/** Returns the responses that a test sets, in JSON with apostrophes for quotation marks. */
final class FakeUiBackend implements UiBackend {
    private ObjectNode operations = TestJson.object("{'operations':[]}");
    private ObjectNode repositories = TestJson.object("{'repositories':[]}");
    private Optional<ObjectNode> operation = Optional.empty();
    private Optional<ObjectNode> repository = Optional.empty();

    void operations(ObjectNode response) {
        operations = response;
    }

    void operation(ObjectNode response) {
        operation = Optional.of(response);
    }

    void repositories(ObjectNode response) {
        repositories = response;
    }

    void repository(ObjectNode response) {
        repository = Optional.of(response);
    }

    @Override
    public ObjectNode operations(int most) {
        return operations;
    }

    @Override
    public ObjectNode operation(String id) {
        return operation.orElseThrow(() -> new NoSuchOperationException(new OperationId(id), "the backup"));
    }

    @Override
    public ObjectNode repositories(Optional<String> after, int most) {
        return repositories;
    }

    @Override
    public ObjectNode repository(String name) {
        if (name.contains(" ")) {
            throw new IllegalArgumentException("\"%s\" is not a repository name".formatted(name));
        }
        return repository.orElseThrow(() -> new UnknownScopeException("The backup has no repository " + name));
    }
}
