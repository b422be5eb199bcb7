package dev.registrybackup.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.registrybackup.inventory.Scope;
import dev.registrybackup.registry.RepositoryName;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VerifyRequestTest {
    @Test
    void anEmptyRequestIsTheExistenceOfEverythingInTheBackup() {
        // When
        VerifyRequest request = VerifierFixture.request("{}");

        // Then
        assertEquals(new VerifyRequest("backup", new Scope.All(), Depth.EXISTENCE, Optional.empty()), request);
    }

    @Test
    void everythingMayBeGiven() {
        // When
        VerifyRequest request = VerifierFixture.request("""
                {"store":"dr-site","scope":{"repository":"team/app"},"depth":"content",
                 "sample":{"fraction":0.1,"seed":7}}
                """);

        // Then
        assertEquals(
                new VerifyRequest(
                        "dr-site",
                        new Scope.Repository(new RepositoryName("team/app")),
                        Depth.CONTENT,
                        Optional.of(new Sample(0.1, 7))),
                request);
        assertEquals(request, VerifierFixture.request(request.json().toString()));
    }

    @Test
    void aSampleNeedsNoSeed() {
        // When
        VerifyRequest request = VerifierFixture.request("{\"depth\":\"content\",\"sample\":{\"fraction\":1}}");

        // Then
        assertEquals(Optional.of(new Sample(1, 0)), request.sample());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[]                                       | A request to verify must be a JSON object, not []",
                "{\"scop\":{}}                            | A request to verify has no field \"scop\"; it has store, scope, depth, sample",
                "{\"store\":7}                            | \"store\" must be \"backup\", \"registry\" or a target's name, not 7",
                "{\"store\":\" \"}                        | \"store\" must be \"backup\", \"registry\" or a target's name, not \" \"",
                "{\"depth\":\"deep\"}                     | \"depth\" must be \"existence\" or \"content\", not \"deep\"",
                "{\"depth\":null}                         | \"depth\" must be \"existence\" or \"content\", not null",
                "{\"scope\":{\"repository\":\"A B\"}}     | \"A B\" is not a repository name",
                "{\"sample\":{\"fraction\":0.5}}          | A \"sample\" needs a depth that hashes blobs: add \"depth\":\"content\"",
                "{\"depth\":\"content\",\"sample\":0.5}   | \"sample\" must be a JSON object, not 0.5",
                "{\"depth\":\"content\",\"sample\":{}}    | \"sample\" must have a number \"fraction\", above 0 and at most 1",
                "{\"depth\":\"content\",\"sample\":{\"fraction\":0}}   | \"fraction\" of \"sample\" must be above 0 and at most 1, not 0.0",
                "{\"depth\":\"content\",\"sample\":{\"fraction\":1.1}} | \"fraction\" of \"sample\" must be above 0 and at most 1, not 1.1",
                "{\"depth\":\"content\",\"sample\":{\"fraction\":1,\"seed\":\"a\"}} | \"seed\" of \"sample\" must be an integer, not \"a\"",
                "{\"depth\":\"content\",\"sample\":{\"fraction\":1,\"part\":1}} | \"sample\" has no field \"part\"; it has fraction, seed",
            })
    void anInvalidRequestIsRefusedWithAReason(String json, String reason) {
        // When
        IllegalArgumentException thrown =
                assertThrows(IllegalArgumentException.class, () -> VerifierFixture.request(json));

        // Then
        assertEquals(reason, thrown.getMessage());
    }
}
