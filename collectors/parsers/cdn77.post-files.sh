#!/usr/bin/env bash
# Posts each log file of a CDN77 bucket, as it is. Run it every minute, from a timer or cron. A file whose answer got
# lost is posted again and counts once; a file that is refused stays, is tried again, and makes this script fail.
#
# Environment: COLLECTOR (https://collector.example.com), SOURCE (acme-cdn77), ACME_CDN77_TOKEN, BUCKET (an rclone path,
# cdn77:<bucket>/<folder>), SPOOL (a folder of its own), and rclone's access to the bucket: RCLONE_CONFIG_CDN77_TYPE=s3,
# RCLONE_CONFIG_CDN77_PROVIDER=Other, RCLONE_CONFIG_CDN77_ENDPOINT, ..._ACCESS_KEY_ID, ..._SECRET_ACCESS_KEY.
set -euo pipefail

mkdir -p "$SPOOL/files"
exec 9> "$SPOOL/lock"
flock --nonblock 9 || exit 0

# Half a minute is for files that are still being written; the bucket forgets after 30 days, so may the spool.
rclone copy "$BUCKET" "$SPOOL/files" --include '*.gz' --min-age 30s
find "$SPOOL/files" -type f -mtime +35 -delete

failed=0
while IFS= read -r file; do
    [[ -e $file.posted ]] && continue
    if curl --fail-with-body --silent --show-error --max-time 120 "$COLLECTOR/v1/logs/$SOURCE" \
        --header @<(printf 'Authorization: Bearer %s\n' "$ACME_CDN77_TOKEN") --data-binary "@$file"; then
        touch "$file.posted"
    else
        echo "not posted: $file" >&2
        failed=1
    fi
done < <(find "$SPOOL/files" -type f -name '*.gz' | sort)
exit "$failed"
