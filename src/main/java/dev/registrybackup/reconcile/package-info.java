/**
 * Makes the backup agree with the registry where events have not. <i>Adoption</i>: reading each blob of a bucket that
 * something else filled once, so that from then on every blob that is visible there is a proved one. <i>Set aside</i>: kept
 * where no registry looks, since it is not what its key says.
 */
@NullMarked
package dev.registrybackup.reconcile;

import org.jspecify.annotations.NullMarked;
