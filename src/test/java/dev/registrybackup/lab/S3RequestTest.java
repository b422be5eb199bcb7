package dev.registrybackup.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vertx.core.MultiMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a request line means. */
class S3RequestTest {

    @ParameterizedTest
    @CsvSource({
        "PUT,    /images,                          OTHER",
        "PUT,    /images?versioning,               OTHER",
        "GET,    /images?list-type=2&prefix=a%2Fb, LIST_OBJECTS",
        "GET,    /images?versions,                 LIST_OBJECT_VERSIONS",
        "GET,    /images?uploads,                  OTHER",
        "HEAD,   /images,                          HEAD_BUCKET",
        "POST,   /images?delete,                   DELETE_OBJECTS",
        "PUT,    /images/a/b,                      PUT_OBJECT",
        "PUT,    /images/a/b?x-id=PutObject,       PUT_OBJECT",
        "PUT,    /images/a/b?tagging,              OTHER",
        "PUT,    /images/a?partNumber=1&uploadId=u, UPLOAD_PART",
        "POST,   /images/a?uploads,                CREATE_MULTIPART_UPLOAD",
        "POST,   /images/a?uploads=,               CREATE_MULTIPART_UPLOAD",
        "POST,   /images/a?uploadId=u,             COMPLETE_MULTIPART_UPLOAD",
        "DELETE, /images/a?uploadId=u,             ABORT_MULTIPART_UPLOAD",
        "DELETE, /images/a,                        DELETE_OBJECT",
        "GET,    /images/a,                        GET_OBJECT",
        "GET,    /images/a?uploadId=u,             OTHER",
        "HEAD,   /images/a,                        HEAD_OBJECT"
    })
    void theOperationFollowsFromTheRequestLine(String method, String uri, Operation expected) {
        // When
        S3Request request = S3Request.parse(method, uri, MultiMap.caseInsensitiveMultiMap());

        // Then
        assertEquals(expected, request.operation());
    }

    @ParameterizedTest
    @CsvSource({"/images/a, COPY_OBJECT", "/images/a?partNumber=1&uploadId=u, UPLOAD_PART_COPY"})
    void aSourceHeaderMakesItACopy(String uri, Operation expected) {
        // Given
        MultiMap headers = MultiMap.caseInsensitiveMultiMap().add("X-Amz-Copy-Source", "images/b");

        // When
        S3Request request = S3Request.parse("PUT", uri, headers);

        // Then
        assertEquals(expected, request.operation());
    }

    @Test
    void theKeyIsDecodedAndTheSignatureForgotten() {
        // Given
        MultiMap headers = MultiMap.caseInsensitiveMultiMap()
                .add("Authorization", "secret")
                .add("Range", "bytes=1-2");

        // When
        S3Request request = S3Request.parse("GET", "/images/a%20b/c+d?x=%2F", headers);

        // Then
        assertEquals("images", request.bucket());
        assertEquals("a b/c+d", request.key());
        assertEquals("x=%2F", request.query());
        assertEquals("{range=bytes=1-2}", request.headers().toString());
    }
}
