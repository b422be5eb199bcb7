package dev.registrybackup.reconcile;

import java.time.Duration;

/**
 * How it is reconciled.
 *
 * @param mirrors whether what the registry has lacked for the retention leaves the backup; else it is only recorded
 * @param retention for how long the registry has to have lacked it
 * @param alarmShare which share of the registry's objects may vanish between two runs without an alarm: 0.1 is a tenth
 * @param alarmNumber how many may
 * @param missedAfter how old an object is that events should have brought
 * @param partKeys how many keys a part of the comparison may have, about
 * @param memory for how long any process takes for durable what it has seen durable
 */
public record Policy(
        boolean mirrors,
        Duration retention,
        double alarmShare,
        long alarmNumber,
        Duration missedAfter,
        long partKeys,
        Duration memory) {}
