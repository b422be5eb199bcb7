package dev.registrybackup.objectstore.s3;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.registrybackup.objectstore.ObjectStoreException;
import dev.registrybackup.objectstore.StoreError;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.AbortMultipartUploadRequest;
import software.amazon.awssdk.services.s3.model.AbortMultipartUploadResponse;
import software.amazon.awssdk.services.s3.model.ListMultipartUploadsRequest;
import software.amazon.awssdk.services.s3.model.ListMultipartUploadsResponse;
import software.amazon.awssdk.services.s3.model.MultipartUpload;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** Listings of uploads that are longer than a page, and uploads that end while they are given up. */
class IncompleteUploadsTest {
    private static final Instant LIMIT = Instant.parse("2026-03-04T05:06:07Z");
    private static final Instant OLD = LIMIT.minusMillis(1);

    private final Pages pages = new Pages();
    private final IncompleteUploads uploads =
            new IncompleteUploads(pages, new S3Errors("the backup bucket images"), "images");

    @Test
    void allPagesAreTakenEvenWhereOneKeyFillsSome() {
        // Given
        pages.add("a", "1", OLD);
        for (int id = 1; id <= 5; id++) {
            pages.add("b", String.valueOf(id), OLD);
        }
        pages.add("c", "1", OLD);

        // When
        long aborted = uploads.abort("pre", LIMIT);

        // Then
        assertEquals(7, aborted);
        assertEquals(List.of("a 1", "b 1", "b 2", "b 3", "b 4", "b 5", "c 1"), pages.aborted);
        assertEquals(List.of("pre null null", "pre b 1", "pre b 3", "pre b 5"), pages.listed);
    }

    @Test
    void onlyWhatWasStartedBeforeIsGivenUp() {
        // Given
        pages.add("a", "1", LIMIT);
        pages.add("a", "2", OLD);
        pages.add("b", "1", LIMIT.plusSeconds(1));

        // When
        long aborted = uploads.abort("", LIMIT);

        // Then
        assertEquals(1, aborted);
        assertEquals(List.of("a 2"), pages.aborted);
    }

    @Test
    void anUploadThatEndedMeanwhileIsNoFailureAndDoesNotCount() {
        // Given
        pages.add("a", "1", OLD);
        pages.add("b", "1", OLD);
        pages.failing.add("a");
        pages.failure = S3Exception.builder()
                .statusCode(404)
                .awsErrorDetails(
                        AwsErrorDetails.builder().errorCode("NoSuchUpload").build())
                .build();

        // When
        long aborted = uploads.abort("", LIMIT);

        // Then
        assertEquals(1, aborted);
        assertEquals(List.of("b 1"), pages.aborted);
    }

    @Test
    void anUploadThatCannotBeGivenUpIsNamed() {
        // Given
        pages.add("a", "1", OLD);
        pages.failing.add("a");

        // When
        ObjectStoreException failure = assertThrows(ObjectStoreException.class, () -> uploads.abort("", LIMIT));

        // Then
        assertEquals(
                "Failed to abort the upload of a in the backup bucket images: the store answered 500 InternalError",
                failure.getMessage());
        assertEquals(StoreError.UNAVAILABLE, failure.error());
    }

    /** A store whose pages hold two uploads. */
    private static final class Pages implements S3Client {
        private static final int PAGE = 2;

        private final List<MultipartUpload> underWay = new ArrayList<>();
        private final List<String> listed = new ArrayList<>();
        private final List<String> aborted = new ArrayList<>();
        private final Set<String> failing = new HashSet<>();
        private RuntimeException failure = S3Exception.builder()
                .statusCode(500)
                .awsErrorDetails(
                        AwsErrorDetails.builder().errorCode("InternalError").build())
                .build();

        void add(String key, String id, Instant started) {
            underWay.add(MultipartUpload.builder()
                    .key(key)
                    .uploadId(id)
                    .initiated(started)
                    .build());
        }

        @Override
        public ListMultipartUploadsResponse listMultipartUploads(ListMultipartUploadsRequest request) {
            listed.add("%s %s %s".formatted(request.prefix(), request.keyMarker(), request.uploadIdMarker()));
            int start = 0;
            while (request.keyMarker() != null && !isMarked(underWay.get(start), request)) {
                start++;
            }
            int from = request.keyMarker() == null ? 0 : start + 1;
            int to = Math.min(underWay.size(), from + PAGE);
            MultipartUpload last = underWay.get(to - 1);
            return ListMultipartUploadsResponse.builder()
                    .uploads(List.copyOf(underWay.subList(from, to)))
                    .isTruncated(to < underWay.size())
                    .nextKeyMarker(last.key())
                    .nextUploadIdMarker(last.uploadId())
                    .build();
        }

        private static boolean isMarked(MultipartUpload upload, ListMultipartUploadsRequest request) {
            return upload.key().equals(request.keyMarker()) && upload.uploadId().equals(request.uploadIdMarker());
        }

        @Override
        public AbortMultipartUploadResponse abortMultipartUpload(AbortMultipartUploadRequest request) {
            if (failing.contains(request.key())) {
                throw failure;
            }
            aborted.add(request.key() + " " + request.uploadId());
            return AbortMultipartUploadResponse.builder().build();
        }

        @Override
        public String serviceName() {
            return "s3";
        }

        @Override
        public void close() {
            // Nothing is held.
        }
    }
}
