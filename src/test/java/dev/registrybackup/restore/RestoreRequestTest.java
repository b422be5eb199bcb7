package dev.registrybackup.restore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.registrybackup.inventory.Scope;
import dev.registrybackup.lab.TestJson;
import dev.registrybackup.registry.RepositoryName;
import dev.registrybackup.restore.RestoreRequest.Mode;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RestoreRequestTest {
    private static final Instant NOW = Instant.parse("2026-11-22T13:45:00Z");

    private static RestoreRequest parse(String json) {
        return RestoreRequest.parse(TestJson.parse(json), NOW);
    }

    @Test
    void aScopeAloneIsWhatIsMissingInTheRegistryNow() {
        // When
        RestoreRequest request = parse("{'scope':{'all':true}}");

        // Then
        assertEquals(
                new RestoreRequest(
                        new Scope.All(),
                        Optional.empty(),
                        RestoreRequest.REGISTRY,
                        Mode.MISSING,
                        false,
                        false,
                        false,
                        ImageStreamMode.NONE,
                        false),
                request);
    }

    @Test
    void everythingMayBeGivenAndIsRecordedAsItWas() {
        // When
        RestoreRequest request = parse("{'scope':{'repository':'ns/app'},'at':'2026-11-22T13:45:00Z','target':'dr',"
                + "'mode':'repair','overwriteTags':true,'referrers':true,'dryRun':true,'imageStreams':'tag-links',"
                + "'createNamespaces':true}");

        // Then
        assertEquals(
                new RestoreRequest(
                        new Scope.Repository(new RepositoryName("ns/app")),
                        Optional.of(NOW),
                        "dr",
                        Mode.REPAIR,
                        true,
                        true,
                        true,
                        ImageStreamMode.TAG_LINKS,
                        true),
                request);
        assertEquals(request, parse(request.json().toString()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[]                                              | A restore needs a \"scope\"",
                "{'at':'2026-11-22T13:45:00Z'}                   | A restore needs a \"scope\"",
                "{'scope':{'all':true},'endpoint':'http://a'}    | \"endpoint\" is not a field of a restore request",
                "{'scope':{'all':true},'bucket':'a'}             | \"bucket\" is not a field of a restore request",
                "{'scope':{'all':true},'directory':'/tmp'}       | \"directory\" is not a field of a restore request",
                "{'scope':{'all':true},'at':'yesterday'}         | \"at\" must be an instant in UTC",
                "{'scope':{'all':true},'at':'2026-11-22T13:45:01Z'} | which is in the future",
                "{'scope':{'all':true},'target':7}               | \"target\" must be a string",
                "{'scope':{'all':true},'mode':'overwrite'}       | \"mode\" must be missing or repair, not \"overwrite\"",
                "{'scope':{'all':true},'imageStreams':true}      | \"imageStreams\" must be a string",
                "{'scope':{'all':true},'overwriteTags':'yes'}    | \"overwriteTags\" must be true or false",
                "{'scope':{'digest':'BLOB'},'at':'2026-11-22T13:45:00Z'} | \"at\" does not apply to a single blob",
                "{'scope':{'digest':'BLOB'},'imageStreams':'none'} | \"imageStreams\" does not apply to a single blob"
            })
    void anInvalidRequestIsRefusedWithAReason(String json, String reason) {
        // Given
        String request = json.replace("BLOB", "sha256:" + "0".repeat(64));

        // When
        IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class, () -> parse(request));

        // Then
        assertTrue(String.valueOf(refusal.getMessage()).contains(reason), refusal::toString);
    }
}
