package dev.registrybackup.lab;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/** Selects the fault of a request: the first matching rule that is not used up. */
final class FaultRules {

    // Written by test threads, read by the proxy's event loop.
    private final List<Rule> rules = new CopyOnWriteArrayList<>();

    void add(Predicate<S3Request> matches, Fault fault, int times) {
        rules.add(new Rule(matches, fault, new AtomicInteger(times)));
    }

    Fault faultFor(S3Request request) {
        for (Rule rule : rules) {
            if (rule.matches.test(request) && rule.remaining.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
                return rule.fault;
            }
        }
        return Fault.NONE;
    }

    void clear() {
        rules.clear();
    }

    private record Rule(Predicate<S3Request> matches, Fault fault, AtomicInteger remaining) {}
}
