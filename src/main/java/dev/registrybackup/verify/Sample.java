package dev.registrybackup.verify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.registrybackup.registry.Digest;

/**
 * Selects a share of the blobs to hash. The same seed selects the same blobs, regardless of others in the store;
 * another seed selects others.
 *
 * @param fraction the share of blobs, above 0 and at most 1
 * @param seed selects which blobs
 */
public record Sample(double fraction, long seed) {
    private static final int HASH_DIGITS = 16;
    private static final double HASH_RANGE = 0x1p53;

    /** Throws {@link IllegalArgumentException} if the fraction is out of range. */
    public Sample {
        if (!(fraction > 0 && fraction <= 1)) {
            throw new IllegalArgumentException(
                    "\"fraction\" of \"sample\" must be above 0 and at most 1, not " + fraction);
        }
    }

    /** Whether the sample includes the blob. */
    public boolean includes(Digest digest) {
        long drawn = mix(Long.parseUnsignedLong(digest.hex().substring(0, HASH_DIGITS), 16) ^ mix(seed));
        return (drawn >>> 11) / HASH_RANGE < fraction;
    }

    /** The finalizer of MurmurHash3: each bit of the result depends on each bit given. */
    private static long mix(long bits) {
        long mixed = (bits ^ (bits >>> 33)) * 0xff51afd7ed558ccdL;
        mixed = (mixed ^ (mixed >>> 33)) * 0xc4ceb9fe1a85ec53L;
        return mixed ^ (mixed >>> 33);
    }

    /** The JSON form in requests and reports. */
    public ObjectNode json() {
        return JsonNodeFactory.instance.objectNode().put("fraction", fraction).put("seed", seed);
    }

    static Sample parse(JsonNode json) {
        VerifyRequest.requireKnownFields("\"sample\"", json, "fraction", "seed");
        JsonNode fraction = json.path("fraction");
        JsonNode seed = json.path("seed");
        if (!fraction.isNumber()) {
            throw new IllegalArgumentException("\"sample\" must have a number \"fraction\", above 0 and at most 1");
        }
        if (!seed.isMissingNode() && !(seed.isIntegralNumber() && seed.canConvertToLong())) {
            throw new IllegalArgumentException("\"seed\" of \"sample\" must be an integer, not " + seed);
        }
        return new Sample(fraction.doubleValue(), seed.asLong(0));
    }
}
