package dev.registrybackup.objectstore.s3;

import dev.registrybackup.objectstore.BucketConfiguration;
import dev.registrybackup.objectstore.LifecycleRule;
import dev.registrybackup.objectstore.NotificationRule;
import dev.registrybackup.objectstore.NotificationRule.KeyFilter;
import dev.registrybackup.objectstore.ProbeResult;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.AwsRequestOverrideConfiguration;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.BucketVersioningStatus;
import software.amazon.awssdk.services.s3.model.ExpirationStatus;
import software.amazon.awssdk.services.s3.model.GetBucketNotificationConfigurationResponse;
import software.amazon.awssdk.services.s3.model.NotificationConfigurationFilter;
import software.amazon.awssdk.services.s3.model.ObjectLockEnabled;

/** Reads a bucket's configuration from the store. For one call. */
final class S3BucketConfigurationReader {
    /** Error codes for a bucket without such a configuration; AWS sends them with status 404. */
    private static final Set<String> NOT_CONFIGURED = Set.of(
            "NoSuchLifecycleConfiguration",
            "ObjectLockConfigurationNotFoundError",
            "NoSuchConfiguration",
            "NoSuchNotificationConfiguration");

    /** RFC 9110, section 15.6.2. */
    private static final int NOT_IMPLEMENTED = 501;

    private final S3Client client;
    private final String bucket;
    private final Consumer<AwsRequestOverrideConfiguration.Builder> shortTimeout;

    S3BucketConfigurationReader(
            S3Client client, String bucket, Consumer<AwsRequestOverrideConfiguration.Builder> quick) {
        this.client = client;
        this.bucket = bucket;
        this.shortTimeout = quick;
    }

    BucketConfiguration read() {
        return new BucketConfiguration(
                serverTime(),
                probe("GetBucketVersioning", false, this::isVersioned),
                probe("GetBucketLifecycleConfiguration", List.of(), this::lifecycleRules),
                probe("GetBucketNotificationConfiguration", List.of(), this::notificationRules),
                probe("GetObjectLockConfiguration", false, this::isObjectLockEnabled));
    }

    private static <T> ProbeResult<T> probe(String action, T none, Supplier<T> request) {
        try {
            return ProbeResult.of(request.get());
        } catch (AwsServiceException e) {
            String code = e.awsErrorDetails() == null || e.awsErrorDetails().errorCode() == null
                    ? ""
                    : e.awsErrorDetails().errorCode();
            if (NOT_CONFIGURED.contains(code)) {
                return ProbeResult.of(none);
            }
            String reason = "%s was answered %d %s"
                    .formatted(action, e.statusCode(), code)
                    .strip();
            return switch (e.statusCode()) {
                case 401, 403 -> ProbeResult.permanentFailure(reason + ": these credentials may not read it");
                case NOT_IMPLEMENTED ->
                    ProbeResult.permanentFailure(reason + ": the store does not support this request");
                default -> ProbeResult.transientFailure(reason);
            };
        } catch (SdkException e) {
            return ProbeResult.transientFailure(action + " failed: " + e.getMessage());
        }
    }

    /** Reads the time from error responses too: a store refuses requests because of a large clock difference. */
    private ProbeResult<Instant> serverTime() {
        try {
            return serverTime(
                    client.headBucket(request -> request.bucket(bucket).overrideConfiguration(shortTimeout))
                            .sdkHttpResponse());
        } catch (AwsServiceException e) {
            return serverTime(
                    e.awsErrorDetails() == null ? null : e.awsErrorDetails().sdkHttpResponse());
        } catch (SdkException e) {
            return ProbeResult.transientFailure("HeadBucket failed: " + e.getMessage());
        }
    }

    private static ProbeResult<Instant> serverTime(@Nullable SdkHttpResponse answer) {
        try {
            return Optional.ofNullable(answer)
                    .flatMap(given -> given.firstMatchingHeader("Date"))
                    .map(date -> ProbeResult.of(ZonedDateTime.parse(date, DateTimeFormatter.RFC_1123_DATE_TIME)
                            .toInstant()))
                    .orElseGet(() -> ProbeResult.transientFailure("the response to HeadBucket has no Date header"));
        } catch (DateTimeException e) {
            return ProbeResult.transientFailure(
                    "the Date header of the response to HeadBucket is invalid: " + e.getMessage());
        }
    }

    private boolean isVersioned() {
        try {
            return client.getBucketVersioning(request -> request.bucket(bucket).overrideConfiguration(shortTimeout))
                            .status()
                    == BucketVersioningStatus.ENABLED;
        } catch (AwsServiceException e) {
            if (e.statusCode() == NOT_IMPLEMENTED) {
                // A store that does not support versioning keeps no versions.
                return false;
            }
            throw e;
        }
    }

    private boolean isObjectLockEnabled() {
        var configuration = client.getObjectLockConfiguration(
                        request -> request.bucket(bucket).overrideConfiguration(shortTimeout))
                .objectLockConfiguration();
        return configuration != null && configuration.objectLockEnabled() == ObjectLockEnabled.ENABLED;
    }

    private List<LifecycleRule> lifecycleRules() {
        return client
                .getBucketLifecycleConfiguration(
                        request -> request.bucket(bucket).overrideConfiguration(shortTimeout))
                .rules()
                .stream()
                .filter(rule -> rule.status() == ExpirationStatus.ENABLED)
                .map(S3BucketConfigurationReader::toLifecycleRule)
                .toList();
    }

    private static LifecycleRule toLifecycleRule(software.amazon.awssdk.services.s3.model.LifecycleRule rule) {
        var noncurrent = rule.noncurrentVersionExpiration();
        var abort = rule.abortIncompleteMultipartUpload();
        return new LifecycleRule(
                Optional.ofNullable(rule.id()).orElse(""),
                prefix(rule),
                rule.expiration() != null
                        && (rule.expiration().days() != null
                                || rule.expiration().date() != null),
                days(noncurrent == null ? null : noncurrent.noncurrentDays()),
                days(abort == null ? null : abort.daysAfterInitiation()));
    }

    private static OptionalInt days(@Nullable Integer days) {
        return days == null ? OptionalInt.empty() : OptionalInt.of(days);
    }

    /** S3 has three fields for the prefix: a deprecated one in the rule, and two in its filter. */
    @SuppressWarnings("deprecation")
    private static String prefix(software.amazon.awssdk.services.s3.model.LifecycleRule rule) {
        var filter = rule.filter();
        String given = rule.prefix();
        if (filter != null && filter.prefix() != null) {
            given = filter.prefix();
        } else if (filter != null && filter.and() != null && filter.and().prefix() != null) {
            given = filter.and().prefix();
        }
        return given == null ? "" : given;
    }

    private List<NotificationRule> notificationRules() {
        GetBucketNotificationConfigurationResponse answer = client.getBucketNotificationConfiguration(
                request -> request.bucket(bucket).overrideConfiguration(shortTimeout));
        List<NotificationRule> rules = new ArrayList<>();
        answer.topicConfigurations()
                .forEach(each -> rules.add(
                        new NotificationRule(each.topicArn(), each.eventsAsStrings(), keyFilters(each.filter()))));
        answer.queueConfigurations()
                .forEach(each -> rules.add(
                        new NotificationRule(each.queueArn(), each.eventsAsStrings(), keyFilters(each.filter()))));
        answer.lambdaFunctionConfigurations()
                .forEach(each -> rules.add(new NotificationRule(
                        each.lambdaFunctionArn(), each.eventsAsStrings(), keyFilters(each.filter()))));
        if (answer.eventBridgeConfiguration() != null) {
            // The bucket sends all events to EventBridge, whose own rules filter them.
            rules.add(new NotificationRule("EventBridge", List.of("s3:ObjectCreated:*"), List.of()));
        }
        return rules;
    }

    private static List<KeyFilter> keyFilters(@Nullable NotificationConfigurationFilter filter) {
        return filter == null || filter.key() == null
                ? List.of()
                : filter.key().filterRules().stream()
                        .map(rule -> new KeyFilter(String.valueOf(rule.nameAsString()), String.valueOf(rule.value())))
                        .toList();
    }
}
