#!/bin/sh
# A large file for Open Humans with httpie, as the document "On-site Data Upload" shows it. Only the
# host, the token and the member are filled in, and a file that exists already is sent as it is.

TOKEN=example_token
PROJECT_MEMBER_ID=12345678

UPLOAD_URL=$BASE_URL/api/direct-sharing/project/files/upload/direct/?access_token=$TOKEN
COMPLETE_URL=$BASE_URL/api/direct-sharing/project/files/upload/complete/?access_token=$TOKEN

# get a file ID and an upload URL
JSON=`http --form POST $UPLOAD_URL \
  project_member_id=$PROJECT_MEMBER_ID \
  metadata='{"tags": ["survey", "diet", "csv"], "description": "Diet survey questions and responses"}' \
  filename="test-file.json"`

# get the URL and the ID from the JSON response
URL=`echo $JSON | jq -r .url`
ID=`echo $JSON | jq -r .id`

[ -e test-file.json ] || echo '{"testing": "just testing..."}' > test-file.json

# actually upload the file, ensuring that we don't send a Content-Type
http --verbose PUT "$URL" Content-Type: @./test-file.json

# notify Open Humans that we've completed the upload
http --verbose --form POST $COMPLETE_URL \
  project_member_id=$PROJECT_MEMBER_ID \
  file_id=$ID
