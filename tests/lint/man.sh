# mandoc finds nothing worth a warning; a page that names another names one that exists.
bad=0
for page in $(git ls-files 'man/*.[1-8]'); do
	mandoc -T lint -W warning "$page" | grep -v 'unusual Xr order' && bad=1
done
exit $bad
