package dev.registrybackup.app.ui;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.app.ui.ReadCache.BusyException;
import dev.registrybackup.app.ui.StatusReader.BackupStatus;
import dev.registrybackup.concurrent.WorkerPools;
import dev.registrybackup.objectstore.ObjectStore;
import dev.registrybackup.operation.NoSuchOperationException;
import dev.registrybackup.restore.UnknownScopeException;
import java.time.Clock;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import java.util.function.Supplier;

/**
 * Renders all pages. They need no scripts and change nothing. Safe for use by many threads; does not block: pool
 * threads read the stores, each value once at a time and at most every 5 s.
 */
public final class Pages {
    private static final int OPERATIONS = 50;
    private static final int REPOSITORIES = 200;

    private final StatusReader statusReader;
    private final UiBackend uiBackend;
    private final ShellCommands shellCommands;
    private final Clock clock;
    private final Templates templates = new Templates();
    private final ReadCache<BackupStatus> statuses;
    private final ReadCache<ReadResult<ObjectNode>> documents;

    /**
     * A request for a page.
     *
     * @param path the path of the URL
     * @param query the query parameters
     * @param isLoggedIn whether the caller has a login cookie
     */
    public record Request(String path, Map<String, String> query, boolean isLoggedIn) {
        public Request {
            query = Map.copyOf(query);
        }

        String parameter(String name) {
            return query.getOrDefault(name, "");
        }
    }

    /**
     * Renders the pages of this backup.
     *
     * @param uiBackend reads operations and the catalog
     * @param namespace the namespace of this pod, for the commands to copy; empty if this process is not in one
     * @param isOpenShift whether ImageStreams are captured
     */
    public Pages(
            ObjectStore backup,
            UiBackend uiBackend,
            Optional<String> namespace,
            boolean isOpenShift,
            WorkerPools workerPools,
            Clock clock) {
        this.statusReader = new StatusReader(backup, uiBackend, clock);
        this.uiBackend = uiBackend;
        this.shellCommands = new ShellCommands(namespace, isOpenShift);
        this.clock = clock;
        this.statuses = new ReadCache<>(workerPools, clock);
        this.documents = new ReadCache<>(workerPools, clock);
    }

    /** The page of a URL; the future never fails, because an error is a page too. */
    public CompletableFuture<Page> render(Request request) {
        return route(request).exceptionally(failure -> failed(request, WorkerPools.unwrap(failure)));
    }

    private CompletableFuture<Page> route(Request request) {
        return switch (request.path()) {
            case "/" -> statuses.get("/", statusReader::read).thenApply(status -> overview(request, status));
            case "/page/repositories" -> repositories(request);
            case "/page/repository", "/page/image" -> repository(request);
            case "/page/operations" ->
                document(
                        request,
                        "operations",
                        "operations",
                        () -> uiBackend.operations(OPERATIONS),
                        (json, now) -> Optional.of(Map.of("operations", new OperationData(now).list(json))));
            case "/page/operation" ->
                document(
                        request,
                        "operation",
                        "operation " + request.parameter("id"),
                        () -> uiBackend.operation(request.parameter("id")),
                        (json, now) -> Optional.of(new OperationData(now).details(json)));
            default ->
                CompletableFuture.completedFuture(message(404, "Page not found", request.path(), request.isLoggedIn()));
        };
    }

    private Page overview(Request request, BackupStatus status) {
        Map<String, Object> data = OverviewData.of(status, shellCommands, clock.instant());
        data.put("isLoggedIn", request.isLoggedIn());
        return new Page(200, templates.render("overview", data));
    }

    private CompletableFuture<Page> repositories(Request request) {
        String after = request.parameter("after");
        return document(
                request,
                "repositories",
                "repositories " + after,
                () -> uiBackend.repositories(Optional.of(after).filter(name -> !name.isEmpty()), REPOSITORIES),
                (json, now) -> Optional.of(
                        Map.of("catalog", CatalogData.of(Optional.of(json), now), "isFirst", after.isEmpty())));
    }

    private CompletableFuture<Page> repository(Request request) {
        String name = request.parameter("name").strip();
        boolean isImage = request.path().equals("/page/image");
        return document(
                request,
                isImage ? "image" : "repository",
                "repository " + name,
                () -> uiBackend.repository(name),
                (json, now) -> {
                    RepositoryData repository = new RepositoryData(json, now);
                    String tag = request.parameter("tag");
                    if (!isImage) {
                        return Optional.of(repository.tagsAfter(request.parameter("after"), shellCommands));
                    }
                    return tag.isEmpty()
                            ? repository.byDigest(request.parameter("digest"), shellCommands)
                            : repository.byTag(tag, shellCommands);
                });
    }

    /**
     * A page of one document, as last read if it cannot be read now.
     *
     * @param name the document's name in the cache
     * @param data the template's data; empty if the document does not have what was asked for
     */
    private CompletableFuture<Page> document(
            Request request,
            String template,
            String name,
            Supplier<ObjectNode> document,
            BiFunction<ObjectNode, Instant, Optional<Map<String, Object>>> data) {
        return documents
                .get(name, before -> read(before.orElseGet(ReadResult::never), document))
                .thenApply(readResult -> {
                    Instant now = clock.instant();
                    if (readResult.value().isEmpty() && readResult.failure().isPresent()) {
                        return message(
                                503,
                                "The backup did not answer",
                                readResult.failure().get(),
                                request.isLoggedIn());
                    }
                    return readResult
                            .value()
                            .flatMap(json -> data.apply(json, now))
                            .map(found -> rendered(request, template, found, readResult, now))
                            .orElseGet(() -> notFound(request));
                });
    }

    private Page rendered(
            Request request, String template, Map<String, Object> found, ReadResult<?> readResult, Instant now) {
        Map<String, Object> data = new LinkedHashMap<>(found);
        data.put("isLoggedIn", request.isLoggedIn());
        data.put(
                "failures",
                readResult.failure().stream()
                        .map(reason -> OverviewData.failure(reason, readResult.at(), now))
                        .toList());
        return new Page(200, templates.render(template, data));
    }

    private ReadResult<ObjectNode> read(ReadResult<ObjectNode> before, Supplier<ObjectNode> document) {
        try {
            return ReadResult.of(Optional.of(document.get()), clock.instant());
        } catch (IllegalArgumentException | NoSuchOperationException | UnknownScopeException e) {
            throw e;
        } catch (RuntimeException e) {
            return before.failed(String.valueOf(e.getMessage()));
        }
    }

    private Page notFound(Request request) {
        return message(
                404, "The backup has nothing with this name", request.query().toString(), request.isLoggedIn());
    }

    private Page failed(Request request, Throwable failure) {
        if (failure instanceof BusyException) {
            return message(503, "Too many requests", "Retry in a few seconds.", request.isLoggedIn());
        }
        if (failure instanceof NoSuchOperationException || failure instanceof UnknownScopeException) {
            return notFound(request);
        }
        if (failure instanceof IllegalArgumentException) {
            return message(400, "Invalid request", String.valueOf(failure.getMessage()), request.isLoggedIn());
        }
        return message(500, "This page could not be rendered", String.valueOf(failure), request.isLoggedIn());
    }

    /** A page with one message. */
    public Page message(int status, String title, String message, boolean isLoggedIn) {
        return new Page(
                status,
                templates.render("message", Map.of("title", title, "message", message, "isLoggedIn", isLoggedIn)));
    }

    /**
     * The login form.
     *
     * @param reason why the last token was rejected; empty if there was none
     * @param next the requested URL, to redirect to after login
     */
    public Page login(int status, String reason, String next) {
        return new Page(status, templates.render("login", Map.of("reason", reason, "next", next, "isLoggedIn", false)));
    }

    /** The SHA-256 of each page's style element, in Base64, for the Content-Security-Policy. */
    public String styleHash() {
        return templates.styleHash();
    }
}
