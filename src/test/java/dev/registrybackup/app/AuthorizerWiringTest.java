package dev.registrybackup.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.app.auth.AuthDecision;
import dev.registrybackup.app.auth.AuthDecision.Answer;
import dev.registrybackup.app.auth.Authorizer;
import dev.registrybackup.app.config.RuntimeEnvironment;
import dev.registrybackup.app.config.TestSettings;
import dev.registrybackup.concurrent.SettableClock;
import dev.registrybackup.concurrent.WorkerPools;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which authorizer is used, by configuration and environment. */
class AuthorizerWiringTest {
    private static final String CLUSTER = "KUBERNETES_SERVICE_HOST";
    private static final String KNATIVE = "K_SERVICE";
    private static final String SECRET = "correct-horse-battery";

    private final WorkerPools workerPools = new WorkerPools(1, 1);

    @AfterEach
    void close() {
        workerPools.close();
    }

    private Authorizer gate(Map<String, String> given, RuntimeEnvironment runtimeEnvironment) {
        return Wiring.authorizer(
                TestSettings.with(given, runtimeEnvironment),
                (token, verb) -> AuthDecision.allowed("of the cluster", ""),
                workerPools,
                new SettableClock());
    }

    private static Map<String, String> configured(String by, boolean hasToken) {
        return hasToken ? Map.of("auth.mode", by, "auth.token", SECRET) : Map.of("auth.mode", by);
    }

    private static RuntimeEnvironment at(String place) {
        return switch (place) {
            case "pod" -> RuntimeEnvironment.of(Map.of(CLUSTER, "10.0.0.1"));
            case "knative" -> RuntimeEnvironment.of(Map.of(KNATIVE, "restore"));
            case "both" -> RuntimeEnvironment.of(Map.of(CLUSTER, "10.0.0.1", KNATIVE, "restore"));
            default -> RuntimeEnvironment.of(Map.of());
        };
    }

    @ParameterizedTest
    @CsvSource({
        // by, configured token, place, sent token, from loopback, answer, caller
        "auto, false, pod, any, false, ALLOWED, of the cluster",
        "auto, true, both, any, false, ALLOWED, of the cluster",
        "auto, true, both, , true, UNAUTHENTICATED, -",
        "auto, true, knative, correct-horse-battery, false, ALLOWED, auth.token",
        "auto, true, knative, wrong, true, UNAUTHENTICATED, -",
        "auto, false, knative, any, true, FORBIDDEN, -",
        "auto, true, nowhere, correct-horse-battery, false, ALLOWED, auth.token",
        "auto, true, nowhere, , true, UNAUTHENTICATED, -",
        "auto, false, nowhere, , true, ALLOWED, loopback",
        "auto, false, nowhere, any, false, FORBIDDEN, -",
        "kubernetes, false, nowhere, any, false, ALLOWED, of the cluster",
        "kubernetes, true, nowhere, , true, UNAUTHENTICATED, -",
        "token, true, both, correct-horse-battery, false, ALLOWED, auth.token",
        "token, true, both, wrong, true, UNAUTHENTICATED, -",
        "token, false, both, any, true, FORBIDDEN, -",
        "token, false, pod, , true, FORBIDDEN, -",
        "token, false, nowhere, , true, ALLOWED, loopback"
    })
    void allowedCallersDependOnTheEnvironment(
            String by,
            boolean hasToken,
            String place,
            String sent,
            boolean fromLoopback,
            Answer answer,
            String caller) {
        // Given
        Authorizer authorizer = gate(configured(by, hasToken), at(place));

        // When
        AuthDecision authDecision = authorizer
                .authorize(Optional.ofNullable(sent), "restore", fromLoopback)
                .join();

        // Then
        assertEquals(answer, authDecision.answer(), authDecision::reason);
        assertEquals(caller, authDecision.caller());
    }

    @Test
    void anEmptyTokenIsNone() {
        // When
        Authorizer authorizer = gate(Map.of("auth.token", ""), at("nowhere"));

        // Then
        assertTrue(
                authorizer.authorize(Optional.empty(), "restore", true).join().isAllowed());
    }
}
