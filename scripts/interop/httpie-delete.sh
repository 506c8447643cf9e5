#!/bin/sh
# Three ways to delete files of Open Humans with httpie, as the document "On-site Data Upload" shows
# them. Only the host, the names, and "True", which is not JSON, are changed (docs/guides/open-humans.md).

TOKEN=example_token
URL=$BASE_URL/api/direct-sharing/project/files/delete/?access_token=$TOKEN

# deleting a file by its ID
http POST $URL \
  project_member_id='12345678' \
  file_id:=1

# deleting a file by its name
http POST $URL \
  project_member_id='12345678' \
  file_basename='second.bin'

# deleting all files for a project member
http POST $URL \
  project_member_id='12345678' \
  all_files:=true
