#!/bin/sh
# A simple upload to Open Humans with httpie, as the document "On-site Data Upload" shows it. Only the
# host, the path and the quotes around the metadata are changed (docs/guides/open-humans.md).

echo "test file data" > test-file.txt

TOKEN=example_token
URL=$BASE_URL/api/direct-sharing/project/files/upload/?access_token=$TOKEN
METADATA='{"tags": ["survey", "diet", "csv"], "description": "Diet survey questions and responses", "md5": "156da7fc980988c51682374436849943"}'

http --verbose --form POST $URL \
  project_member_id='12345678' \
  metadata="$METADATA" \
  data_file@./test-file.txt
