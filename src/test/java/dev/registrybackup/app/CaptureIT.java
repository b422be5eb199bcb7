package dev.registrybackup.app;

import static io.restassured.RestAssured.given;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.lab.Events;
import dev.registrybackup.lab.Product;
import dev.registrybackup.lab.S3Endpoint;
import io.restassured.response.Response;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The responses of the packaged program in the role capture, with neither a cluster nor a store reachable. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CaptureIT {
    private static final S3Endpoint NOWHERE =
            new S3Endpoint(URI.create("http://127.0.0.1:9"), "us-east-1", "access", "secret");
    private static final String STREAM =
            "{\"kind\":\"ImageStream\",\"apiVersion\":\"image.openshift.io/v1\",\"namespace\":\"ns\",\"name\":\"app\"}";

    private Product product;

    @BeforeAll
    void start() {
        Map<String, String> settings = Product.settings(NOWHERE, NOWHERE);
        settings.putAll(Map.of(
                "SERVICE_ROLE", "capture",
                "REGISTRY_KIND", "openshift",
                "EVENTS_ANSWER_WITHIN", "3s",
                "QUARKUS_KUBERNETES_CLIENT_API_SERVER_URL", "http://127.0.0.1:9"));
        product = Product.start(settings);
    }

    @AfterAll
    void stop() {
        product.close();
    }

    private Response event(String type, String data) {
        return Events.cloudEvent(product.uri(), type).body(data).post("/");
    }

    @ParameterizedTest
    @CsvSource({
        "dev.knative.sources.ping, ImageStream, 422",
        "capture, ImageStream, 422",
        "dev.knative.apiserver.ref.update, Secret, 422",
        "dev.knative.apiserver.ref.update, ImageStream, 503",
        "dev.knative.apiserver.resource.update, ImageStream, 503"
    })
    void permanentAndTemporaryFailuresAreDistinguishedAndHaveNoBody(String type, String kind, int status) {
        // When
        Response response = event(type, STREAM.replace("ImageStream", kind));

        // Then
        assertEquals(status, response.statusCode(), product::log);
        assertEquals("", response.asString());
    }

    @Test
    void dataThatIsNotJsonIsRefused() {
        // When
        Response response = event("dev.knative.apiserver.ref.update", "{\"kind\":");

        // Then
        assertEquals(400, response.statusCode());
        assertEquals("", response.asString());
        assertTrue(product.log().contains("event=undecodable"), product::log);
    }

    @Test
    void noEventDoesAnythingElsewhere() {
        // When
        Map<String, Integer> unrefused = new EveryEvent(product.uri(), Optional.empty()).unrefused(List.of("/"));

        // Then
        assertEquals(Map.of(), unrefused);
    }

    @ParameterizedTest
    @CsvSource({"/notification", "/reconcile"})
    void nothingElseIsServed(String path) {
        // When
        int status = given().baseUri(product.uri().toString())
                .contentType("application/json")
                .body("{}")
                .post(path)
                .statusCode();

        // Then
        assertEquals(404, status);
    }
}
