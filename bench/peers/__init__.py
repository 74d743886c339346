# SPDX-License-Identifier: Apache-2.0
"""IceFrame against other engines that read and write Iceberg tables."""
